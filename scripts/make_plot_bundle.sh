#!/bin/sh
# Builds neve/report/assets/plot.js and PLOT-LICENSES.txt again: Observable Plot and what it uses of D3, in one file
# without a network at run time. Needs node and npm. Only the marks that report.js draws are taken in.
set -eu
assets=$(cd "$(dirname "$0")/../neve/report/assets" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y > npm.log
npm install --silent --no-audit --no-fund @observablehq/plot@0.6.17 esbuild@0.28.2 >> npm.log
echo 'export {plot, line, dot, link, ruleX, ruleY, barX, rectY, text, tip, pointer, pointerX, stackY} from "@observablehq/plot";' > entry.js
npx esbuild entry.js --bundle --minify --format=iife --global-name=Plot --legal-comments=none --target=es2020 \
  --log-level=warning --outfile=bundle.js
{
  echo '/* Observable Plot 0.6.17 and the parts of D3 that it uses, bundled by scripts/make_plot_bundle.sh.'
  echo '   Copyright Observable, Inc., Mike Bostock and contributors; licences: PLOT-LICENSES.txt. */'
  cat bundle.js
} > "$assets/plot.js"
for package in @observablehq/plot d3 d3-array d3-color d3-format d3-geo d3-interpolate d3-scale d3-shape d3-time \
  d3-time-format internmap isoformat interval-tree-1d binary-search-bounds delaunator robust-predicates; do
  echo "== $package $(node -p "require('./node_modules/$package/package.json').version")"
  cat "node_modules/$package"/LICENSE* 2>/dev/null || node -p "require('./node_modules/$package/package.json').license"
  echo
done > "$assets/PLOT-LICENSES.txt"
