/** Short values, as people type them into fields. */
export const BENIGN_VALUES: readonly string[] = `
O'Brien
D'Angelo
Miles O'Brien-O'Neill
Sinéad O'Connor
L'Oréal
McDonald's
Jeanne d'Arc
Rock 'n' Roll
it's 5 o'clock somewhere
the workers' union select committee
dogs' and cats' food
5' or 6' tall
5'10" and 180 lbs
Mother's Day -- 20% off
Users' guide -- second edition
The '90s and the '00s
"Quoted" and 'quoted'
Tom & Jerry
Q&A
A or B
1 or 2
1 and 2
2 + 2 = 4
x = 5 and y = 6
a < b and c > d
price <= 100
3 > 2
Select a colour
select all
Select one or more items from the list
Drop the table in the kitchen
update your profile
Delete from cart
insert coin
union of sets
Union Square
Order by phone
order by date
group by team
JavaScript: The Good Parts
javascript
How does javascript: work in links?
onboarding=true
online = offline
#hashtag
#1 choice
-- none --
C#
C++ and C--
/* draft */
// note to self
100%
50%25
%20
50% off + free shipping
name+tag@example.com
https://example.com/a?b=c&d=e#f
https://example.com/search?q=a%20b+c
/blog/2026/01/hello-world
../images/logo.png
images/team-photo.jpg
ends with dots...
a; b; c
step 1; select the text
Smith, John; Doe, Jane
<3
<- back | next ->
I <3 you
{{ name }}
{{ user.firstName }}
\${price}
\\u00e9t\\u00e9
&amp; &lt; &gt;
résumé; naïve
日本語のテキスト
שלום
Ünïcödé 'quotes'
null
true
undefined
NaN
0
-1
3.14
1e10
0x1F
2026-01-05T12:00:00Z
550e8400-e29b-41d4-a716-446655440000
eyJhbGciOiJIUzI1NiJ9
aGVsbG8gd29ybGQ=
SGVsbG8sIFdvcmxkIQ==
alert
alert the team (today)
confirm('yes') or not?
function of time
eval of 2026
document title
document.pdf
cookie recipe
window shopping
if (x) { y }
a && b
a || b
!important
@media print
rgb(255, 0, 0)
(555) 123-4567
'til tomorrow
'twas the night
rock 'n roll or jazz = fun
He said 'yes' and she said 'no'
Can't, won't or don't
`
  .split('\n')
  .filter((line) => line !== '');

/** What people write in an editor about SQL, HTML and attacks. */
export const BENIGN_CONTENT: readonly string[] = [
  '# SELECT in SQL\n\nUse `SELECT * FROM users WHERE id = 1;` to read one row.',
  'SELECT name, email FROM users WHERE active = true ORDER BY name LIMIT 10;',
  "INSERT INTO users (name) VALUES ('Ada');\nUPDATE users SET name = 'Grace' WHERE id = 2;\nDELETE FROM users WHERE id = 3;",
  'DROP TABLE IF EXISTS old_users; CREATE TABLE users (id serial PRIMARY KEY);',
  "SELECT a FROM t WHERE b = 'x' OR c = 'y' UNION SELECT d FROM u WHERE e = 'z'; -- two tables",
  "In SQL, `'` ends a string. Write `''` for an apostrophe: `'O''Brien'`.",
  "An attacker types `' OR '1'='1` into the form. The statement then reads:\n\n```sql\nSELECT * FROM users WHERE name = '' OR '1'='1'\n```\n\nUse parameters instead.",
  'Never write this:\n\n```js\nelement.innerHTML = `<img src=x onerror=alert(1)>`;\n```\n\nUse `textContent`.',
  'Escape HTML: `<script>alert(1)</script>` becomes `&lt;script&gt;alert(1)&lt;/script&gt;`.',
  '<p>Escaped: &lt;script&gt;alert(1)&lt;/script&gt; and &lt;img src=x onerror=alert(1)&gt;</p>',
  '<p>Hello <strong>world</strong>, see <a href="https://example.com">this</a>.</p>',
  '<img src="/uploads/cat.jpg" alt="A cat on the table" width="300">',
  '<figure class="wide"><img src="https://cdn.sightedit.com/a.png"><figcaption>One</figcaption></figure>',
  '<table><tr><td style="color: red">on = 1</td></tr></table>',
  '<iframe src="https://www.youtube.com/embed/abc123" width="560" height="315" allowfullscreen></iframe>',
  '<div class="button" data-on="click">Click</div>',
  'The `javascript:` scheme in links is blocked. JavaScript: a language for pages.',
  'Use `onclick="save()"` or `addEventListener("click", save)`.',
  'const user = users.find((each) => each.name === "O\'Brien" || each.id === 1);',
  "if (a == 'b' or c == 'd') and e == 1:\n    return f('x')",
  "awk '{ print $1 }' file | grep -v '^#' | sort -u -- > out",
  "SELECT count(*) FROM edits WHERE created_at > now() - interval '1 day' GROUP BY type HAVING count(*) > 5;",
  'The query `1=1` is always true; `1=2` never is. It is 5 and 3 = 8 apples.',
  'Union types: `type A = "a" | "b"`. Select all, then delete from the menu.',
  'body { background: url("/img/a.png"); } @import "theme.css";',
  'window.location.href = "/home"; document.title = "Home"; setTimeout(save, 1000);',
];
