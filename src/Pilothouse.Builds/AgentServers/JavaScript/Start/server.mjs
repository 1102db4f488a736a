// The installed agent server as this process sees it: its own packages come from the toolchain, LangGraph itself from the project. One copy of
// @langchain/core and @langchain/langgraph per process; two would disagree on classes and checkpoint formats.
//
// Module hooks could redirect them too, but each of the server's hundreds of modules would pass through them: that is half of the start. So the
// server's few own files are copied to where the packages beside them are the right ones.
import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const shared = ["@langchain/core", "@langchain/langgraph", "@langchain/langgraph-checkpoint"];
const toolchain = fileURLToPath(new URL("../node_modules", import.meta.url));

// The last argument is the server definition; the working directory is the project's.
const { graphs } = JSON.parse(process.argv.at(-1));
const first = Object.values(graphs).map((graph) => (typeof graph === "string" ? graph : graph.path))[0];
const dist = pathToFileURL(join(view(dirname(join(process.cwd(), first.slice(0, first.lastIndexOf(":"))))), "dist/"));

/** A module of the server by its path under dist/; its package exports only some of them. */
export const load = (file) => import(new URL(file, dist).href);

/** Loads a module of tsx, which the project's own code may need. */
export const tsx = (file) => import(pathToFileURL(join(toolchain, "tsx/dist", file)).href);

/** @returns {string} the folder of the server's package, gone with this process. */
function view(project) {
  const folder = mkdtempSync(join(tmpdir(), "agent-server-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  // Packages are looked for beside the server first, then in the folder above.
  symlinkSync(toolchain, join(folder, "node_modules"));
  const beside = join(folder, "server", "node_modules");
  const server = join(beside, "@langchain", "langgraph-api");
  const installed = join(toolchain, "@langchain", "langgraph-api");
  const nested = join(installed, "node_modules");
  mkdirSync(server, { recursive: true });
  cpSync(installed, server, { recursive: true, filter: (file) => file !== nested && !file.endsWith(".d.mts") });
  if (existsSync(nested)) symlinkSync(nested, join(server, "node_modules"));

  const langgraph = home("@langchain/langgraph", project);
  for (const name of shared) {
    // Strict installers (pnpm) hide what the project does not name itself; LangGraph's own neighbours are the next best.
    const found = home(name, project) ?? home(name, langgraph);
    if (found !== undefined) symlinkSync(found, join(beside, name));
  }

  return server;
}

/** Where Node finds a package for the files of a folder; undefined when it does not. */
function home(name, folder) {
  for (let at = folder; at !== undefined; at = at === dirname(at) ? undefined : dirname(at)) {
    const there = join(at, "node_modules", name);
    if (existsSync(there)) return realpathSync(there);
  }
}
