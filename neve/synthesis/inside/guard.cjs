// Tells of files of others that a program changes, or tries to; node loads this before the program. What the
// program catches is told too. The trade-off: only calls of `fs` and `fs/promises` that change what they name.
const fs = require("fs");
const path = require("path");
const { fileURLToPath } = require("url");

const FREE = /^\/(?:tmp|dev|proc\/self)(?:\/|$)/;
const CHANGES = ["appendFile", "chmod", "chown", "createWriteStream", "mkdir", "rename", "rm", "rmdir", "truncate", "unlink", "writeFile"];
const found = [];

function look(where) {
  try {
    const place = path.resolve(where instanceof URL ? fileURLToPath(where) : String(where));
    if (!FREE.test(place)) found.push(place);
  } catch {
    // no path: the call itself says so
  }
}

for (const owner of [fs, fs.promises]) {
  for (const name of CHANGES.flatMap((each) => [each, `${each}Sync`])) {
    const real = owner[name];
    if (typeof real !== "function") continue;
    owner[name] = function (where, ...rest) {
      if (typeof where === "string" || where instanceof URL) look(where);
      return real.call(this, where, ...rest);
    };
  }
}
require("module").syncBuiltinESMExports();
process.on("exit", () => {
  if (found.length) {
    fs.writeSync(2, `\nError: changes what is not its own: ${found[0]}\n`);
    process.exitCode = 1;
  }
});
