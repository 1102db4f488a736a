// Module resolution for the agent server: its own packages come from the toolchain, LangGraph itself from the project.
// One copy of @langchain/core and @langchain/langgraph per process; two would disagree on classes and checkpoint formats.
const shared = /^@langchain\/(core|langgraph|langgraph-checkpoint)(\/.*)?$/;

let server;
let project;
let langgraph;

export function initialize(data) {
  server = data.server;
  project = data.project;
}

export async function resolve(specifier, context, next) {
  // An ESM loader of Tailwind that tsx would break; it is a file URL already.
  if (specifier.includes("@tailwindcss/node/dist/esm-cache.loader") && specifier.startsWith("file://"))
    return { shortCircuit: true, url: specifier.replace(".mts", ".mjs"), format: "module" };

  if (!shared.test(specifier) || !context.parentURL?.startsWith(server)) return next(specifier, context);

  try {
    return await next(specifier, { ...context, parentURL: project });
  } catch (error) {
    // Strict installers (pnpm) hide what the project does not name itself; LangGraph's own neighbours are the next best.
    langgraph ??= (await next("@langchain/langgraph", { ...context, parentURL: project })).url;
    return next(specifier, { ...context, parentURL: langgraph });
  }
}
