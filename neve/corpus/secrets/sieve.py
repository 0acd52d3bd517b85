"""Where in a text a secret may be: a fast sieve before exact and slow rules.

Two compiled passes over the bytes of an Arrow column, without a Python object for each document. The first
runs a small automaton for what announces passwords, URLs, private keys and `curl`. The second looks for
token-like runs (it tests every tenth byte until it meets one): TOKEN characters or more of
`[A-Za-z0-9_+/-]`, DISTINCT different ones, digits amid them or DIGITS of them; a token of Hugging Face
(`hf_` and 34 letters) needs none. Only before and within such a
run it looks for the KEYWORDS of betterleaks' rules, with Aho and Corasick's automaton; a run with a keyword
at most REACH bytes before it, or in it, makes its surroundings a window. Every rule that is asked needs its
keyword there; what is given up are secrets without such a run (letters only, or shorter), which no rule but
a name supports.
"""

from __future__ import annotations

from functools import cache

import numba
import numpy as np

from neve.corpus import automaton

WINDOW, PASSWORD, URL, BLOCK, FORM, LINE = range(6)
"""Flags of candidates: text for betterleaks; where a value may be assigned to a password; a URL with user
and password; a private key; a key by its form, or the framework's name for it; a line with a command, an
option or an entry that may hold a password."""

NAMED = 24
"""Within so many bytes of a PASSWORD's start its name ends: 12 and the end of the announcing word, and the
rest."""
TOKEN, LONGEST, DISTINCT, DIGITS, REACH = 10, 4096, 8, 12, 128
"""A token's least and greatest length, its different characters, its digits if they are together; how far
before it a keyword may end."""

KEYWORDS = tuple(
    str.split("""
    $aact_ -prd- .acc- .acc_ .apps.googleusercontent.com 0q~ 1q~ 2q~ 3q~ 4b1d 4q~ 5q~ 6q~ 7q~ 8q~ 9q~
    _gitlab_session= _mmk a3- a3t abia absk abuseipdb acca access account adafruit adobe aik_ci_ airtable aiven aiza
    akcp akia algolia alibaba aliyun amplitude api apk_ apollo aq.ab8rn6 asana asia assemblyai astracs: atat atlasv1
    auth azconfig.io bbdc beamer bitbucket bitly bitrise bittrex bkaa_ bkaj_ bkar_ bkct_ bkpat_ bkps_ bkpt_ bkua_
    box- box_ boxa boxk boxt browserstack bsa bundle_enterprise__contribsys__com
    bundle_gems__contribsys__com cais canva capella ccdb1_ ccipat_ cfat_ cfut_ checkout circleci civo clerk cli_
    clickhouse clickup client clojars_ cloudflare cloudinary cmvmd cnvca codecov cog_ cohere coinbase configcat
    confluent contentful couchbase coveralls crates credential creds cs_ csa_ csk- curl cursor data.gov databento
    datadog dckr_oat_ dckr_pat_ ddp_ deepgram deepseek discord disqus doo_v1_ dop_v1_ dor_v1_ dp.pt. droneci dropbox
    dt0c01. duffel_ dvc_mobile_ dvc_server_ eaaa eaac eaam ebay elevenlabs endpoint= endr+ enterprise.contribsys.com
    essu_ etsy exo eyj ezak eztk facebook fal-ai fal.ai fal_ai falai fastly figd_ finicity finnhub fio-u- flickr
    flwpubk_test flwseck_test flyv1 freshbooks fullstory gcntfy- gems.contribsys.com gho_ ghp_ ghr_ ghs_ ghu_ gitea
    github_pat_ gitter glagent- glc_ glcbt- gldt- glffct- glft- glimt- glm gloas- glpat- glptt- glrt- glsa_ glsoat-
    gocardless gr1348941 greptile gsk_ gumroad heroku hf_ highnote honeycomb hooks.slack.com hrku-aa hubspot hunter
    hvb. hvs. ibm ico- incoming+ incomingwebhook influx infomaniak inrlbxbvcmfslmlv instantly intercom intra ionic
    jfrog.io jumpcloud kagi key kimi klaviyo kraken kucoin lark launchdarkly lighton linear linked-in linked_in
    linkedin lip_ llx- lob looker lsv2_pt_ lsv2_sk_ ltai mailchimp mailgun mapbox mattermost mdb_sa_id_ mdb_sa_sk_
    mem0 meraki mercury_production_ message-bird message_bird messagebird mid-server- minimax miro mistral mlsn.
    monday moonshot mux netlify new-relic new-york-times new_relic newrelic newyorktimes
    ngrok npm_ nrak nrii- nrjs- ntn_ nyk_ nytimes okta ollama openweather opsgenie os_v2_app_ os_v2_org_ ovh p8e-
    pagerduty paradigm pat. paypal pcsk_ persona_production_ phc_ phx_ pina_ pinecone pk-lf- plaid planetscale plivo
    pmak- pnu_ polar_at_ polar_oat_ polar_pat_ poly postmark pplx- prf_ private-ai private_ai privateai
    provider_x509 pscale pul- pyowm pypi-ageichlwas5vcmc r8_ rainforest ramp_id_ ramp_sec_ razorpay rdme_ resend
    retell rk_live rk_prod rk_test rnd_ rootly_ rpa_ rubygems_ rzp_ s-s4t2af- s-s4t2ud- salesforce.com sat. sbp_ scaleway
    scalr scw secret sendbird sentry sg. sgp_ sha256~ shippo_ shpat_ shpca_ shppa_ shpss_ sk-ant-admin01 sk-lf-
    sk-or-v1- sk_car_ sk_live sk_prod sk_test sm_aat sm_pat sm_sat snowflake sntryu_ snyk sonar sq0atp- squarespace
    sslmate stability storage sts. sumo supabase.co swmtkn-1- t3blbkfj tableau telegr telnyx tenant tfp_
    tgp_v1_ tk-us- token travis tss_ twilio twitch twitter ucat_ upstage upstash v1.0- vault vca_ vci_ vck_ vcp_
    vcr_ vercel virustotal voyage vtwn_ vultr waka wandb weatherstack webhook.office.com webhookb2 weightsandbiases
    wiz woo- woo_ wooc workos wrka xai- xapp xnd_production_ xoxa xoxb xoxc- xoxd- xoxe- xoxo xoxp- xoxr xoxs yandex
    z.ai z_ai zai zendesk zlm zoho zpka_ zxlk
    """)
)  # fmt: skip
"""Keywords of the rules that are asked, in lower case; one that holds another is left out. A test compares
them with the library's."""


def find(values: np.ndarray, offsets: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Candidates in the texts `values[offsets[i]:offsets[i + 1]]`, i of `rows`: int64 [n, 4] of (row, start,
    end, flag), by row.

    Starts and ends are places in `values`. Windows of a row are in order, do not overlap, and cut no UTF-8
    character.
    """
    room = 256 + (int(offsets[-1]) - int(offsets[0])) // 1024
    found = []
    for kernel, tables in ((_words, _automaton(WORDS)), (_tokens, _automaton(RULE_WORDS))):
        out = np.empty((room, 4), np.int64)
        count = kernel(values, offsets, rows, *tables, out)
        if count > room:
            out = np.empty((count, 4), np.int64)
            kernel(values, offsets, rows, *tables, out)
        found.append(out[:count])
    both = np.concatenate(found)
    return both[np.argsort(both[:, 0], kind="stable")]


_RULE, _WORD, _LINK, _PEM, _CURL, _FORM, _SHORT, _COMMAND, _LINE = range(1, 10)
"""What a word announces; no word of one kind ends in one of another."""

_FOREIGN = "senha contrase mot_de_passe motdepasse mdp kennwort haslo heslo wachtwoord sifre passord adgangskode salasana senord jelszo clave"
_WHOSE = "db sql smtp mail imap ftp ssh user root admin auth login become sudo redis mq ldap pg postgres"
_JOINED = "db smtp mail ftp user root admin auth login ldap redis"
_SHORTS = ("pass:", "pass=", "pass =", 'pass"', "pass'", "_pw:", "_pw=", "_pw =", '_pw"', "_pw'")
_COMMANDS = (
    "mysql", "mariadb", "mongo", "sshpass", "redis-cli", "docker login", "podman login", "registry login", "oc login", "az login", "sqlcmd", "ipmitool", "zip -r", "7z ", "7za ",
    "ldapsearch", "ldapadd", "ldapmodify", "ldappasswd", "ldapdelete", "ldapwhoami", "smbclient", "rpcclient",
)  # fmt: skip
_LINES = (
    "rabbitmqctl", "sqlplus", "jdbc:oracle", "identified by ", "requirepass", "masterauth", "bindcredentials", "rootpw", "bindpw", "?pass", "&pass", "-passin", "-passout",
    "?pwd=", "&pwd=", "-storepass", "-keypass", "--pass ", "convertto-securestring", "net user", "zip -p", ":5432:", ":5433:", ":6432:", ":*:*:",
)  # fmt: skip
_FORMS = "secret_key app_key auth_key logged_in_key nonce_key auth_salt logged_in_salt nonce_salt tskey- :apa91b q~"
WORDS = (
    ("passw", _WORD),
    ("passphrase", _WORD),
    ("pwd", _WORD),
    *((f"{what}_pass", _WORD) for what in str.split(_WHOSE)),
    *((f"{what}pass", _WORD) for what in str.split(_JOINED)),
    ("identified", _WORD),
    *((word, _WORD) for word in str.split(_FOREIGN)),
    *((word, _FORM) for word in str.split(_FORMS)),
    *((word, _SHORT) for word in _SHORTS),
    *((word, _COMMAND) for word in _COMMANDS),
    *((word, _LINE) for word in _LINES),
    ("://", _LINK),
    ("-----begin", _PEM),
    ("curl", _CURL),
)
"""Words of the first pass."""

RULE_WORDS = tuple((word, _RULE) for word in KEYWORDS)
"""Words of the second."""


@cache
def _automaton(words: tuple[tuple[str, int], ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Aho and Corasick's automaton over bytes in lower case: (next state by state * 64 + class, what a state
    announces, classes).

    A byte's class is in the low 6 bits; 64 is added for the characters of a token.
    """
    letters = sorted({char for word, _ in words for char in word})
    classes = np.zeros(256, np.uint8)
    for column, char in enumerate(letters, 1):
        classes[ord(char)] = classes[ord(char.upper())] = column
    for byte in range(128):
        classes[byte] += 64 * (chr(byte).isalnum() or chr(byte) in "_+/-")
    table, announces = automaton.build(((word.encode(), what) for word, what in words), classes & 63, 64)
    return table.ravel().astype(np.uint32), np.array(announces, np.uint8), classes


@numba.njit(cache=True, nogil=True)
def _words(values, offsets, rows, table, announces, classes, out):
    found = 0
    for row in rows:
        low, high = offsets[row], offsets[row + 1]
        state = np.uint32(0)
        for i in range(low, high):
            state = table[(state << np.uint32(6)) + np.uint32(classes[values[i]] & np.uint8(63))]
            if announces[state]:
                start, end, flag = _announced(values, low, i, high, announces[state])
                if flag >= 0:
                    found = _emit(out, found, row, start, end, flag)
    return found


@numba.njit(cache=True, nogil=True)
def _announced(values, low, i, high, what):
    """(start, end, flag) of the candidate after the word that ends at `i`; flag -1: none."""
    if what == _PEM:
        return i - 9, i, BLOCK
    if what == _FORM:
        return max(low, i - 32), min(high, i + 240), FORM
    if what == _CURL:
        start, end = _around(values, low, i, i + 1, high, 6)
        for k in range(i + 1, end - 3):  # -u, --user, -H, --header
            if values[k] <= 32 and values[k + 1] == 45:
                option = values[k + 2]
                if (
                    option == 117
                    or option == 72
                    or (option == 45 and (values[k + 3] == 117 or values[k + 3] == 104))
                ):
                    return start, end, WINDOW
        return i, i, -1
    if what == _COMMAND:
        start, end = max(low, i - 200), _end_of_line(values, i, high)
        for k in range(i + 1, end - 2):  # -p, -P, -a, -w, -U, --pass
            if values[k] <= 32 and values[k + 1] == 45:
                option = values[k + 2] | 32
                if option == 112 or option == 97 or option == 119 or option == 117 or option == 45:
                    return start, end, LINE
        return i, i, -1
    if what == _LINE or (what == _WORD and _stands_alone(values, low, i, high)):
        return max(low, i - 200), _end_of_line(values, i, high), LINE
    if what in (_WORD, _SHORT):
        for k in range(i + (what == _WORD), min(high, i + 40)):
            byte = values[k]
            if byte == 10:
                if what == _WORD and _value_below(values, k, high):
                    return max(low, i - 12), min(high, k + 110), PASSWORD
                break
            quote = byte == 34 or byte == 39 or byte == 96
            apart = (
                quote and k + 1 < high and (values[k - 1] <= 32 or values[k + 1] <= 32 or values[k + 1] == 44)
            )
            element = k <= i + 5 and (byte == 62 or (byte == 60 and k + 2 < high and values[k + 2] == 110))
            if (
                byte == 58 or byte == 61 or byte == 40 or apart or element
            ):  # : = ( and `BY '`, `",`, `>`, `</n`
                return max(low, i - 12), min(high, k + 110), PASSWORD
        return i, i, -1
    colon = False
    for k in range(i + 1, min(high, i + 200)):
        byte = values[k]
        if byte <= 32 or byte == 47 or byte == 34 or byte == 39 or byte == 60 or byte == 96:  # / " ' < `
            break
        if byte == 64 and colon:
            return max(low, i - 24), min(high, k + 2), URL
        colon |= byte == 58
    return i, i, -1


@numba.njit(cache=True, nogil=True)
def _value_below(values, k, high):
    """Whether the line after the end of line at `k` begins with `val`."""
    k += 1
    while k < high and (values[k] == 32 or values[k] == 9):
        k += 1
    return k + 3 < high and values[k] == 118 and values[k + 1] == 97 and values[k + 2] == 108


@numba.njit(cache=True, nogil=True)
def _stands_alone(values, low, i, high):
    """Whether what ends at `i` is the name of an option, or part of `htpasswd` or `chpasswd`, or begins the
    last word but one of a line."""
    start, end = i, i + 1
    while start > max(low, i - 40) and values[start] > 34 and values[start] != 39 and values[start] != 96:
        start -= 1
    while end < min(high, i + 20) and (values[end] | 32) >= 97 and (values[end] | 32) <= 122:
        end += 1
    if i - 5 >= low and values[i - 4] == 112 and (values[i - 5] == 104 or values[i - 5] == 116):
        return True
    if end + 6 > high or end == i + 20:
        return False
    blank = values[end] == 32 or values[end] == 9
    if start < i and values[start + 1] == 45 and (blank or values[end] == 61):
        return True
    if not blank:
        return False
    while end < high and (values[end] == 32 or values[end] == 9):
        end += 1
    first = end
    while end < min(high, first + 64) and values[end] > 32:
        end += 1
    return end >= first + 6 and (end == high or values[end] == 10 or values[end] == 13)


@numba.njit(cache=True, nogil=True)
def _end_of_line(values, i, high):
    """Where the line of `i` ends, and with it what a backslash continues; at most 300 bytes after it."""
    limit = min(high, i + 300)
    while i < limit and (values[i] != 10 or values[i - 1] == 92):
        i += 1
    return i


@numba.njit(cache=True, nogil=True)
def _tokens(values, offsets, rows, table, announces, classes, out):
    found = 0
    for row in rows:
        low, high = offsets[row], offsets[row + 1]
        keyword = low - 2 * REACH - LONGEST  # where the last one ended
        seen = low  # keywords are known up to here
        state = np.uint32(0)
        first, last = low, low  # the window at hand, if longer than 0
        start = low  # a token can begin here
        while start + TOKEN <= high:
            k = start + TOKEN - 1
            while k >= start and classes[values[k]] & 64:
                k -= 1
            if k >= start:
                start = k + 1
                continue
            end = start + TOKEN
            while end < high and classes[values[end]] & 64:
                end += 1
            if end - start <= LONGEST and _random(values, start, end):
                if seen < start - REACH - 64:
                    seen = start - REACH - 64
                    state = np.uint32(0)
                for i in range(seen, end):
                    state = table[(state << np.uint32(6)) + np.uint32(classes[values[i]] & np.uint8(63))]
                    if announces[state]:
                        keyword = i
                seen = end
                if keyword >= start - REACH:
                    a, b = _around(values, low, start - REACH, end, high, 1)
                    if a > last:
                        if last > first:
                            found = _emit(out, found, row, first, last, WINDOW)
                        first = a
                    last = max(last, b)
            start = end + 1
        if last > first:
            found = _emit(out, found, row, first, last, WINDOW)
    return found


@numba.njit(cache=True, nogil=True)
def _random(values, start, end):
    """Whether a token has DISTINCT different characters, and digits amid others or DIGITS of them."""
    digits = changes = different = 0
    front, back = np.uint64(0), np.uint64(0)
    was = 48 <= values[start] <= 57
    for i in range(start, end):
        byte = values[i]
        digit = 48 <= byte <= 57
        digits += digit
        changes += digit != was
        was = digit
        bit = np.uint64(1) << np.uint64(byte & 63)
        if byte & 64:
            different += back & bit == 0
            back |= bit
        else:
            different += front & bit == 0
            front |= bit
        if different >= DISTINCT and (changes >= 2 or digits >= DIGITS):
            return True
    return (
        different >= DISTINCT
        and end - start == 37
        and values[start] == 104
        and values[start + 1] == 102
        and values[start + 2] == 95
    )  # hf_


@numba.njit(cache=True, nogil=True)
def _around(values, low, start, end, high, lines):
    """From the beginning of the line of `start` to the `lines`-th end of line after `end`, at most 256 bytes
    a line further."""
    start = max(low, start)
    limit = max(low, start - 256)
    while start > limit and values[start - 1] != 10:
        start -= 1
    while start > low and values[start] & 0xC0 == 0x80:
        start -= 1
    limit = min(high, end + 256 * lines)
    while end < limit and lines > 0:
        if values[end] == 10:
            lines -= 1
        end += 1
    while end < high and values[end] & 0xC0 == 0x80:
        end += 1
    return start, end


@numba.njit(cache=True, nogil=True)
def _emit(out, found, row, start, end, flag):
    if found < len(out):
        out[found, 0], out[found, 1], out[found, 2], out[found, 3] = row, start, end, flag
    return found + 1
