// Every library the proofs use loads on this Node, in the version the lock file names.
import { readFileSync } from 'node:fs';
import { prove } from './_emulator.mjs';

await prove('libraries', async () => {
    const wanted = JSON.parse(readFileSync(new URL('package.json', import.meta.url))).dependencies;
    const found = [];
    // What has nothing at its root is loaded by the part of it that the proofs use.
    const parts = { '@modelcontextprotocol/sdk': '@modelcontextprotocol/sdk/server/mcp.js' };
    for (const [name, version] of Object.entries(wanted)) {
        const library = await import(parts[name] ?? name);
        if (Object.keys(library).length === 0) throw new Error(`${name} exports nothing`);
        const installed = JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url))).version;
        if (installed !== version) throw new Error(`${name} is ${installed}, not ${version}`);
        found.push(`${name} ${version}`);
    }
    return `Node ${process.versions.node} loads ${found.join(', ')}`;
});
