// Loaded by --import in the main thread and in the server's worker threads, before any other module.
import { register } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

// The last argument is the server definition, also in the workers; the working directory is the project's.
const { graphs } = JSON.parse(process.argv.at(-1));
const first = Object.values(graphs).map((graph) => (typeof graph === "string" ? graph : graph.path))[0];

register("./hooks.mjs", import.meta.url, {
  data: {
    server: new URL("../node_modules/@langchain/langgraph-api/", import.meta.url).href,
    project: pathToFileURL(join(process.cwd(), first.slice(0, first.lastIndexOf(":")))).href,
  },
});
