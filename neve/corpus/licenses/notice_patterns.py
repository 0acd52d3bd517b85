"""The words by which prose speaks of licences: tables of patterns for `notices`, each for one kind of
statement.

All are searched in text whose white space is single spaces, so a space stands for any; case is ignored
unless said.
"""

from __future__ import annotations

import re

from neve.corpus.licenses.expressions import Expression


def any_of(*patterns: str) -> Expression:
    """One expression for any of `patterns`, whatever the case."""
    return Expression("|".join(f"(?:{pattern})" for pattern in patterns))


_NAME = r"(?:UN)?LICEN[CS]ES?|COPYING|COPYRIGHT|EULA"
_SUFFIX, _EXTENSION = r"(?:[-.][A-Za-z0-9][A-Za-z0-9.-]*|_[A-Z0-9]+)?", r"\.(?:txt|md|rst|html?|adoc|TXT|MD)"
FILE = Expression(
    rf"(?:(?:^|[\s\"'`(<*])((?:[\w.-]+/)+(?:{_NAME}){_SUFFIX}(?:{_EXTENSION})?|(?:{_NAME}){_SUFFIX}{_EXTENSION})|"
    rf"\b(?:[Ss]ee|in|file|under|by|of|the|to|read|and|or)[\s\"'`(</*]{{1,3}}((?:{_NAME}){_SUFFIX}(?:{_EXTENSION})?))(?=[\s\"'`),.;:>*]|$)",
    re.NOFLAG,
)
"""A licence file by its name, in capitals."""
LOOSE_FILE = any_of(
    r"\b(?:see|found in|in|refer to|read|consult|by) (?:the |an? |its )?(?:\w+[- ]){0,4}licen[cs]e(?:\.txt|\.md| file)",
    r"\blicen[cs]e(?: agreement)? (?:that )?(?:accompan|is included|can be found|found|in the root|distributed with)",
)
GNU = any_of(
    r"(?:\bgnu )?(?:\b(lesser|library|affero)(?: or lesser)? )?\bgeneral public licen[cs]e",
    r"\bgnu ([al])?gpl",
    r"\b([al])?gpl(?=v?[ -]?\d|,? (?:version|ver\.?|v\.?) ?\d)",
    r"(?<=under the )([al])?gpl\b",
    r"\b([al])?gpl(?= licen)",
    *(
        rf"\b{word} p[uú]b(?:l|bl)i\w+ (?:g[ée]n[ée]rale|general|geral|generica)"
        for word in ("licence", "licencia", "licença", "licenza")
    ),
    r"gnu ?(?:([宽寬]|较宽松|較寬鬆)[^，,。]{0,4})?通用公[共眾众][许許]可|gnu ?一般公[衆众]|общественн\w+ лицензи\w+ gnu|gnu (?:algemene publieke licentie|genel kamu lisans|일반 공중 사용 허가서|általános (?:köz|nyilvános))|(?:powszechn\w+ licencj\w+ publiczn\w+|obecn\w+ veřejn\w+ licenc\w+|загальн\w+ (?:громадськ|публічн)\w+ ліцензі\w+|giấy phép công cộng|άδει\w+ δημόσιας χρήσης) gnu|\bgnu public licen[cs]e",
)
ABBREVIATED = re.compile(
    r"\b(?:[Uu]nder|[Tt]erms of|[Ss]ubject to) (?:the |an? )?((?:[A-Z]{1,4}PL|CDDL|OSL|AFL|CC0|CC[- ]BY(?:[- ](?:NC|SA|ND))*)(?:[- ]?v?\.? ?\d(?:\.\d)?)?)\b"
)
"""A licence by an abbreviation that says so, without the word; with case."""
LINK = re.compile(r"\bhttps?://\S")
BRACKETED = re.compile(
    r"(?i)[\[(](?:licen[cs]ed? )?(?:under )?(?:the )?((?:[AL]?GPL|MPL|EPL|CDDL|EUPL|OSL|CPL|SSPL|BUSL|CC[- ]BY)\b[^\[\]()]{0,40}|GPLv[^\[\]()]{1,40})[\])]"
)
"""A licence in brackets, as it stands behind the name or the address of where something was taken from."""
SHARED = re.compile(
    r"(?i)(?:[\[(,:–—]|\s-)\s*(?:licen[cs]e:? )?(?:under )?(cc[- ]by(?:[- ](?:nc|sa|nd))+(?:[- ]v?\d\.\d)?)\b|\bcreativecommons\.org/licenses/(by(?:-(?:nc|sa|nd))+/\d\.\d)"
)
"""A Creative Commons licence that asks for more than a name, set off from the words before it."""
VERSION = any_of(
    r"(?:\b(?:version|vers(?:i[oó]n|[aã]o|ione)|версии|ver\.?|v\.?)|第) ?(\d(?:\.\d)?)",
    r"[al]?gpl[ -]?v?(\d(?:\.\d)?)",
    r"/[al]?gpl-(\d\.\d)",
)
LATER = any_of(
    r"\bany later\b", r"\bor (?:any )?(?:later|newer|above|greater)\b", r"\bor ?\( ?at your option ?\)? ?,? any", r"(?<=\d)\+"
)  # fmt: skip
DENIED = any_of(
    r"\b(?:not|compatible|incompatible|unlike|instead of|no longer|previously|formerly|similar to|was|were)\W+(?:\w+\W+){0,4}$"
)
"""Words before a licence's name that keep it from being this text's."""
FIELD = re.compile(
    r"(?im)^[\W_]*(?:@licen[cs]e[ds]?[ \t]*[:=]?|(?:licen[cs]e[ds]?|lizenz|licen[czç][ai]a?|许可[证協协]议?|spdx[- ]license(?:[- ]\w+)?|license_uri|license-uri)"
    r"(?: name| type| url)?[ \t]*[:=])[ \t]*(\S.{0,200})$"
)
"""A line that states a licence as a field does; over lines."""
TELLTALE = any_of(
    r"permission is (?:hereby )?granted", r"permission to use,? copy", r"redistribution and use", r"hereby granted",
    r"provided ['\"`]?as[- ]is", r"boost software license", r"mozilla public license", r"covered by the terms",
    r"common development and", r"without any express or implied", r"blessing", r"apache license", r"redistributions? of source",
    r"grants? permission", r"\bmay (?:be )?(?:freely )?(?:copy|copied|used?|modif|(?:re)?distribut)", r"free of restrictions", r"hereby grants",
)  # fmt: skip
"""What stands in the texts and notices that the classifier knows."""
TEXT_BEGINS = any_of(
    r"permission is hereby granted", r"permission is granted(?: to anyone|,? free|,? without| for)", r"permission to use,? copy", r"redistribution and use in source"
)  # fmt: skip
"""A licence's own text: where the classifier does not know it, it is not understood."""
UNKNOWN = re.compile(
    r"(?:[Ll]icen[cs]ed|[Rr]eleased|[Dd]istributed|[Gg]overned|[Cc]overed|[Aa]vailable|[Pp]rovided|[Ss]ubject|[Uu]se of (?:this|the)[\w ]{0,40})"
    r"\b[^.;]{0,50}?\b(?:under|by|to|with|of) (?:your choice of |either |one of |both )*(?:the |an? )?(?:terms (?:and conditions )?(?:of|in) (?:the |a )?)?"
    r"[\"'“]?((?:[A-Z][\w&'-]*(?:\.\w+)*[ ,]+)(?:(?:[A-Z][\w&'-]*|\d+)(?:\.\w+)*[ ,]+){0,6}(?:Licen[cs]e|Agreement|EULA|LICENSE|Terms)|(?<=[Ll]icensed under the )(?:[A-Z][\w&'-]*(?:\.\w+)*[ ,]+)(?:(?:[A-Z][\w&'-]*|\d+)(?:\.\w+)*[ ,]+){0,6}licen[cs]e)\b"
)
"""A licence by a name in capitals; with case."""
ITS_VERSION = re.compile(r"(?i)(?:,? (?:version|v\.?) ?\d(?:\.\d)*)?")
NO_NAME = any_of(
    r"^(?:the|this|that|its|your|our|individual|original|same|following|above|new|a|an)\b[\w ]*$", r"contributor"
)  # fmt: skip
_THIS = r"(?:this|the) (?:source |software )?(?:file|code|software|program|document|material|source|work|information|module|script)s?"
_TO_SEE = r"(?:reference|viewing|inspection|review|auditing|evaluation|portfolio|assessment)(?:(?:,|/| and| or| and/or) [\w-]+){0,2}?(?: use| purposes?)?"
_ONLY_TO_SEE = (
    r"(?:for (?:the )?(?:[\w-]+(?:,|/| and| or| and/or)? ){0,3}?"
    + _TO_SEE
    + r",? (?:only|alone|and nothing else)\b"
    r"|(?:only|solely|exclusively|purely|strictly) (?:meant |intended )?(?:as a|for) (?:the purposes? of )?(?:[\w-]+(?:,|/| and| or| and/or)? ){0,2}?"
    + _TO_SEE
    + r"(?=\W*(?:[.;,!)]|$)))"
)
LOOK_ONLY = (
    r"\b(?:made available|published|available|released|distributed|shared|provided|supplied|offered|disclosed|licen[cs]ed|given|uploaded|posted|is|are)\b[^.]{0,40}" + _ONLY_TO_SEE,
    r"(?:^|[.;:] )\W*(?:(?:source|this|the|sample) )*(?:code|source|software|files?)? ?(?:" + _ONLY_TO_SEE + r"|(?:evaluation|reference|viewing) (?:use |purposes )?only\b)",
    r"\bsource[- ]available (?:licen|software|product|project|program|but\b)", r"\bis source-available\b", r"\bnot free software\b",
    r"\b(?:production|commercial|any) (?:use|usage|deployment)\b[^.]{0,40}\b(?:requires?|needs?)\b[^.]{0,40}\b(?:licen[cs]e|subscription|permission|agreement|consent)\b",
)  # fmt: skip
"""For what people show their code who grant nobody its use."""
FORBIDS = any_of(
    r"\bproprietary ?(?:and|&|/|,) ?confidential", r"\bconfidential ?(?:and|&|/|,) ?proprietary",
    _THIS + r" (?:\w+ ){0,3}?(?:is|are|contains?|constitutes?) (?:\w+ ){0,5}(?:confidential|proprietary|trade secrets?)\b",
    r"\b(?:confidential|proprietary) (?:information|property|source code|software|material|trade)\b",
    r"\bproprietary (?:to|of)\b", r"(?<!which is a )\btrade secrets?\b", r"\b(?:strictly|company|highly) confidential",
    r"\bcommons clause\b", r"\bholder of all proprietary rights", r"(?:\b|_)reference[-_ ]only[-_ ]licen[cs]e",
    r"\bconfidential ?[-–:.]", r"[-–:.] ?confidential\b", r"^\W*confidential\W*$", r"(?-i:\b[A-Z]{2,}[.,]? (?:CONFIDENTIAL|PROPRIETARY)\b|\b[A-Z]\w+[.,]? (?:Confidential|Proprietary)(?=\W*$))", r"\bnon-?disclosure agreement",
    r"\bunauthori[sz]ed (?:copying|use|reproduction|distribution|disclosure|duplication|modification)",
    r"\b(?:copying|reproduction|redistribution|distribution|disclosure|duplication|dissemination|use)\b[^.]{0,160}"
    r"\b(?:is|are) (?:strictly |expressly )?(?:prohibited|forbidden)",
    r"\bunpublished (?:work|proprietary|copyright|source)", r"\bproprietary (?:licen[cs]e|rights)",
    r"未[经經](?:书面|書面|事先)?(?:许可|許可|授权|授權|允许)", r"(?:机密|機密)(?:信息|文件|资料|情報)", r"社外秘", r"無断(?:転載|複製|転用|使用)", r"\b(?:streng )?vertraulich\b",
    r"\b(?:weitergabe|vervielf[äa]ltigung|nutzung|verbreitung)\b[^.]{0,120}\b(?:untersagt|verboten|nicht gestattet)", r"\bprohibida\b[^.]{0,40}\b(?:reproducci[oó]n|distribuci[oó]n|copia)",
    r"(?:копирован|распространен|использован)\w+[^.]{0,60}запрещен", r"\bконфиденциальн", r"\bvietat[ao] (?:la )?(?:riproduzion|copi|diffusion|distribuzion)", r"\bproibid[ao]s? (?:sua |a |o )?(?:c[óo]pia|reprodu|distribui|uso)",
    r"무단[ \w]{0,12}(?:복제|배포|전재|사용)|영업비밀|대외비", r"\b(?:kopiowanie|rozpowszechnianie)[^.]{0,40}(?:zabronion|zakazan)", r"\bizinsiz[^.]{0,40}(?:amaz|emez)", r"禁止(?:外[传傳]|[复複][制製]|[转轉][载載]|商用|用于商业|用於商業|商业|商業)|仅供内部",
    r"\b(?:vertrouwelijk|konfidentiellt|konfidensiel[lt]t?|fortrolig|luottamuksellinen|bizalmas|confiden[țţ]ial\w*)\b", r"\bdůvěrn[éýá]", r"конфіденційн", r"\bεμπιστευτικ[όά]",
    r"\bmag niet worden (?:verspreid|gekopieerd|vermenigvuldigd|gebruikt)", r"\b(?:får ej|får inte|må ikke|må ikkje) (?:kopieras|kopieres|distribu|spridas|videregives|gjengis)", r"\b(?:kopírování|šíření|rozmnožování)[^.]{0,40}zakázán", r"\bkopiering er forbudt", r"\bkopiointi[^.]{0,20}kielletty", r"\bmásolása[^.]{0,20}tilos",
    r"απαγορεύεται η (?:αντιγραφή|αναπαραγωγή|διανομή)", r"nghiêm cấm (?:mọi )?(?:hành vi )?sao chép", r"(?:копіювання|розповсюдження|використання)[^.]{0,40}заборонен", r"אין להעתיק|אסור להעתיק", r"(?:يمنع|يحظر)[^.]{0,20}(?:نسخ|النسخ|توزيع)", r"\beste interzisă (?:copierea|reproducerea|distribuirea)",
    r"\b(?:reproduction|diffusion|copie)\b[^.]{0,60}\binterdite", r"\bconfiden(?:cial|tiel)\b", r"\bcommercial licen[cs]e (?:is )?required", r"\bclosed[- ]source (?:software|code|licen)", r"\bnot open[- ]source",
    r"\bnot (?:been )?licen[cs]ed (?:for|to) (?:any |your |public |commercial |further )*(?:use|you|anyone|third|others|distribution|redistribution|production|modification)\b",
    r"\b(?:may|can|could) (?:only )?(?:be )?(?:look(?:ed)? at|view(?:ed)?|read|inspect(?:ed)?|stud(?:y|ied)|review(?:ed)?)\b[^.]{0,60}\bbut (?:you )?(?:(?:may|must|can|do|is|are) ?)?not (?:be )?(?:(?:re)?used?|copy|copied|(?:re)?distributed?|reproduced?|executed?|sell|sold)\b",
)  # fmt: skip
"""What no licence of free software says of its own code."""
SECRET = any_of(r"confidential|proprietary|trade secret|unpublished|unauthori[sz]ed (?:cop|dis|dup|rep)")
"""Words of FORBIDS that need no claim in their own paragraph, where the one before it is a copyright."""
OF_API = any_of(r"\b(?:apis?|modules?|class(?:es)?|functions?|methods?|headers?|submodules)\b")
"""What may be for internal use without being a secret."""
FORBIDS_ALONE = any_of(
    r"\bdo not (?:re)?distribute", r"\bdo not (?:copy|share|publish)", r"\bno part of this\b", r"\blicen[cs]ed material",
    r"\bnot for (?:public |external )?(?:re)?(?:distribution|release|sale)", r"\binternal use only", r"\bfor internal use", r"\bfor (?:evaluation|demonstration|educational|academic|research)(?: use| purposes?)? only\b", r"\bcommercial (?:use|usage|distribution)[^.]{0,20}\b(?:prohibited|forbidden|not (?:allowed|permitted))", r"仅供学习",
    r"\b(?:may|must|can|shall) ?not be (?:modified,? (?:(?:or|and|nor) )?)?(?:copied|reproduced|redistributed|distributed|disclosed|transmitted|published|shared|"
    r"used(?! as (?:one|an?|such)\b| (?:on|from|inside|directly|after|before|until|when|if)\b| in (?!whole|part|any|commercial)))",
    r"\b(?:may|must|can) ?not (?:copy|use|distribute|redistribute|sell|reproduce|disclose)", r"\bnon-?commercial\b",
    r"\b(?:personal|academic|educational|research|evaluation) (?:and \w+ )?(?:use|purposes) only", r"\b(?:without|holds?|have|has|requires?|with) an? (?:\w+ )?valid (?:\w+ )*licen[cs]e",
    r"\bwithout (?:the )?(?:express|prior|explicit|written)[^.]{0,60}(?:permission|consent|authori[sz]ation|agreement)",
    r"\bconfidential\b", r"\b(?:may|can) only be used\b", r"\b(?:may|can) only (?:use|copy)\b", r"^\W*not to be (?:re)?(?:distributed|copied|shared|published|sold)",
    r"\b(?:academic|personal|research|educational|private)(?: (?:research|use|purposes?))* only\b", r"\bfor commercial (?:use|usage|purposes|licen[cs](?:e|ing)),? (?:please )?(?:contact|ask|e-?mail|write)",
    r"\bfree for (?:personal|academic|educational|private|home|non-?profit)\b", r"\b(?:re)?distribution (?:of (?:this|the) \w+ )?(?:is|are) not (?:permitted|allowed)", r"\bunder (?:the terms of )?(?:your|their) (?:\w+ ){0,3}agreement\b", r"\b(?:ask|contact) (?:me|us|the authors?)\b[^.]{0,40}\bbefore (?:using|copying|you use|redistribut)",
    r"\bno (?:licen[cs]e|rights?|permission)s? (?:to \w+ )?(?:is|are) (?:hereby )?(?:granted|given)", r"\bnot (?:be )?authori[sz]ed to (?:licen[cs]e|distribute|copy|use)\b",
    r"\b(?:sole|exclusive) property of", r"\brequires? (?:the )?(?:prior |express |written )+(?:consent|permission|approval|authori[sz]ation)", r"\bnot to be (?:shared|distributed|disclosed|released|copied|used) (?:outside|without|to third)",
    *LOOK_ONLY, r"\b(?:may|must|can) ?not be used (?:in|for) production\b[^.]*\b(?:licen[cs]e|agreement|permission|subscription|consent|contract)",
    r"\bsource[- ]available\b[^.]*\.? ?[^.]*\bnot be (?:used|run|deployed)\b",
    r"\bdo(?:es)? not grant (?:you |anyone )?(?:any |a )(?:licen[cs]e|permission|rights?)(?! (?:to|in) (?:use )?(?:the |any )?(?:trade|names?|logos?|contributor))",
)  # fmt: skip
"""What forbids where no licence stands beside it; free licences say such things of names and notices."""
OWNED = any_of(
    r"copyright", "©", r"\(c\)", r"all rights", r"\bproperty of", r"\bthis (?:computer )?(?:file|software|source|code|program|document|material|work|script|module)\b",
    r"^\W*(?:confidential|private|proprietary|do not|not for|not to be)\b", r"(?-i:\b[A-Z]{2,}[.,]? (?:CONFIDENTIAL|PROPRIETARY)\b)", r"\bsubject to licen[cs]e terms\b",
    r"^\W*(?:only )?free for\b", r"\binternal\b.{0,12}\bnot to be\b", r"版[权權]所有|著作権|社外秘|無断|机密|機密|本(?:文件|程序|代码|软件)|외비|저작권|소스|©|защищены|конфиденц",
    r"derechos reservados|rechte vorbehalten|droits r[ée]serv[ée]s|direitos reservados|diritti riservati|prawa zastrze[żz]one|haklar[ıi] sakl[ıi]d[ıi]r",
    r"^\W*(?:vertrouwelijk|konfiden|fortrolig|luottamuksel|bizalmas|důvěrn|confiden[țţ]|εμπιστευτικ|конфіденц|סודי)|rechten voorbehouden|ensamrätt|rettighede?r (?:er )?(?:reservert|forbeholdes)|oikeudet pidätetään|práva vyhrazena|jog fenntartva|drepturile rezervate|επιφύλαξη|захищен|הזכויות שמורות|الحقوق محفوظة|bản quyền",
    r"\bcommons clause\b", r"\bis a product of\b", r"^\W*(?:for )?(?:evaluation|reference) (?:use |purposes )?only\W*$", r"\bsource code (?:is|was|provided|shared|of)\b", r"\b(?:code|source) in this repo", r"\bthis repository\b", r"^\W*permission is (?:hereby )?granted",
)  # fmt: skip
"""What a text must hold for such words to be about the file."""
RESERVED = any_of(
    r"\ball rights? (?:are )?reserved", r"todos los derechos reservados", r"alle rechte vorbehalten", r"tous droits r[ée]serv[ée]s", r"版[权權]所有",
    r"\btodos os direitos reservados", r"\btutti i diritti riservati", r"все права защищены", r"\bwszelkie prawa zastrze[żz]one", r"\bhaklar[ıi] sakl[ıi]d[ıi]r",
    r"\balle rechten voorbehouden", r"\bmed ensamrätt", r"\balle rettigheter (?:er )?reservert|\balle rettigheder forbeholdes", r"\bkaikki oikeudet pidätetään", r"\bvšechna práva vyhrazena", r"\bminden jog fenntartva", r"\btoate drepturile rezervate",
    r"με (?:την )?επιφύλαξη (?:παντός|κάθε) (?:νόμιμου )?δικαιώματος", r"усі права захищен", r"כל הזכויות שמורות", r"جميع الحقوق محفوظة", r"bản quyền thuộc về",
)  # fmt: skip
DEDICATED = any_of(
    r"\bdedicated all copyright and related and neighbou?ring rights to this (?:software|work) to the public domain",
    r"\b(?:placed|released|dedicated|put|donated|hereby|is|are|contributed|committed|belongs?)\W+(?:\w+\W+){0,6}?(?:in|into|to)\W+the\W+public\W+domain",
    r"(?:^|[.:]\W*)public domain\W*(?:$|[.,;(])", r"\bpublic domain (?:software|code|work)", r"disclaims? (?:all )?copyright to this",
)  # fmt: skip
CLAIMS = any_of(r"copyright", "©", r"\(c\)", r"all rights", r"\bproperty of")
CUT_SHORT = re.compile(
    r"(?i)\A(?=.*may not use this file except in compliance with the licen[cs]e)"
    r"(?!.*(?:copyright|©|\(c\)|licensor|contributor|notice file|limitations under|licen[cs]e for the specific))"
)
"""Apache's notice without its end and without anybody who grants: what is left of one that was copied."""
CHOICE = any_of(
    r"\b(?:dual|either|alternatively|your (?:choice|option|discretion)|choose|whichever|select)\b",
    r"\bany of the following licen",
)
NO_CHOICE = any_of(
    r"at your (?:option|choice|discretion)\W+any later",
    r"either version",
    r"either express(?:ed)? or implied",
    r"terms of your (?:own )?(?:choice|choosing|discretion)",
)
EXCEPTION = any_of(
    r"\b(?:special|linking|following|license|runtime library) exception\b", r"\bas an exception\b", r"\bthis exception\b",
    r"\badditional permissions?\b", r"\bin addition to the permissions in\b",
)  # fmt: skip
"""What only widens a licence under conditions (libtool's, bison's, autoconf's, GCC's): no choice, and no
grant of its own."""
GNU_GRANT = any_of(r"\b(?:redistribute|distribute|copy|use)\b.{0,40}\bunder the terms of the gnu\b")
COPYRIGHT = re.compile(r"(?i)\W*(?:portions )?(?:copyright\b|©|\(c\))")
"""How the paragraph of a copyright begins."""
PART = any_of(
    r"\b(?:portions|sections|some (?:code|files|functions)|parts? of (?:this|the) (?:file|code|software|program))\b", r"\b(?:contains|includes|incorporates)\b", r"\b(?:copied|borrowed|taken|adapted|derived|ported) from\b",
    r"\b(?:port|copy|fork) of\b", r"\bbased on\b", r"\boriginally\b",
)  # fmt: skip
"""Sentences about a part of a file: what they name holds too."""
SPEAKS = any_of(r"licen[cs]", r"\bgpl", r"\bterms\b")
SHORT = {
    any_of(r"permission is granted to anyone to use this software for any purpose, including commercial applications, and to alter it and redistribute it freely\."): "Zlib",
    any_of(r"permission to use, copy, modify,? (?:and/or |and )?distribute this software for any purpose with or without fee is hereby granted, "
    r"provided that the above copyright notice and this permission notice appear"): "ISC",
    any_of(r"redistribution and use of fatfs in source and binary forms"): "BSD-1-Clause",
    any_of(r"permission to use, copy, modify,? and distribute this software is freely granted"): "SunPro",
    any_of(r"\bsame (?:terms|licen[cs]e) as (?:the )?perl"): "Artistic-1.0-Perl OR GPL-1.0-or-later",
}  # fmt: skip
"""Grants in a few words -> SPDX expression."""
