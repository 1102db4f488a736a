// An ESM loader of Tailwind that tsx would break; it is a file URL already.
export async function resolve(specifier, context, next) {
  return specifier.includes("@tailwindcss/node/dist/esm-cache.loader") && specifier.startsWith("file://")
    ? { shortCircuit: true, url: specifier.replace(".mts", ".mjs"), format: "module" }
    : next(specifier, context);
}
