#!/bin/sh
# Installs bubblewrap, the sandbox that generated programs run in, where that can be done without asking.
command -v bwrap >/dev/null && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "sandbox: installing bubblewrap with apt-get"
    { apt-get install -qq -y bubblewrap || { apt-get update -qq && apt-get install -qq -y bubblewrap; }; } >/dev/null 2>&1 &&
        command -v bwrap >/dev/null && exit 0
fi
echo "sandbox: bubblewrap is not here; programs run behind Landlock (Linux 6.2 or newer), or pass@1 is reported as not run; to have it: sudo apt-get install bubblewrap"
