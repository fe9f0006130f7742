// Asks the site's own search, the worker that a reader's browser runs: node site_search.js SITE < questions, one a line.
// Prints for each a JSON list of the pages found, best first, each with its best section.
const fs = require("fs"), path = require("path"), vm = require("vm");

const site = process.argv[2];
const workers = path.join(site, "assets/javascripts/workers");
const worker = fs.readdirSync(workers).find((name) => /^search\..*\.js$/.test(name));
const answers = [];
let receive;
const scope = {
  console,
  addEventListener: (kind, listener) => { receive = listener; },
  postMessage: (message) => answers.push(message),
};
scope.self = scope;
vm.runInNewContext(fs.readFileSync(path.join(workers, worker), "utf8"), scope);

async function main() {
  const index = JSON.parse(fs.readFileSync(path.join(site, "search/search_index.json"), "utf8"));
  await receive({ data: { type: 0, data: { ...index, options: { suggest: false } } } });
  for (const question of fs.readFileSync(0, "utf8").split("\n").filter(Boolean)) {
    answers.length = 0;
    await receive({ data: { type: 2, data: question } });
    const pages = answers[0].data.items.map((sections) => sections.map((one) => one.location));
    console.log(JSON.stringify(pages));
  }
}

main();
