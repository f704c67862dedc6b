// Starts an emulated vendor for one proof and ends it. PARLEY_BIN names the program.
//
//   import { emulator, prove } from './_emulator.mjs';
//   await prove('openai_chat', async () => {
//       const vendor = await emulator('openai', { world: {...}, script: {...} });
//       ... talk to vendor.url / vendor.ws with vendor.key through the SDK; throw (assert) when anything is not as it must be ...
//       return 'what was exchanged, in one line';
//   });
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const running = new Set();
const limit = 60_000;

// options: key; world, script: objects (written as JSON, which is YAML) or paths; args: more of the command line.
export async function emulator(vendor, options = {}) {
    const binary = process.env.PARLEY_BIN;
    if (!binary) throw new Error('PARLEY_BIN does not name the program');
    const directory = mkdtempSync(join(tmpdir(), 'parley-sdk-'));
    const key = options.key ?? 'sdk-proof-key';
    const args = ['sim', vendor, '--port', '0', '--key', key];
    for (const name of ['world', 'script']) {
        let value = options[name];
        if (value === undefined) continue;
        if (typeof value === 'object') {
            const file = join(directory, `${name}.yaml`);
            writeFileSync(file, JSON.stringify(value));
            value = file;
        }
        args.push(`--${name}`, value);
    }
    args.push(...(options.args ?? []));
    const child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const stop = () => new Promise((resolve) => {
        running.delete(stop);
        const done = () => { rmSync(directory, { recursive: true, force: true }); resolve(); };
        if (child.exitCode !== null || child.signalCode !== null) return done();
        child.once('exit', done);
        child.kill('SIGTERM');
    });
    running.add(stop);
    const port = await new Promise((resolve, reject) => {
        child.once('error', reject);
        child.once('exit', (code, signal) => reject(new Error(`parley ${args.join(' ')} ended with ${code ?? signal}`)));
        createInterface({ input: child.stdout }).once('line', (line) => resolve(Number(line)));
    });
    if (!Number.isInteger(port) || port <= 0) throw new Error(`parley sim ${vendor} printed no port`);
    const url = `http://127.0.0.1:${port}`;
    return {
        port, key, url, ws: `ws://127.0.0.1:${port}`, stop,
        log: async () => (await fetch(`${url}/sim/log`)).json(),
        script: async (script) => {
            const answer = await fetch(`${url}/sim/script`, { method: 'PUT', body: JSON.stringify(script) });
            if (answer.status !== 200) throw new Error(`script refused: ${await answer.text()}`);
        },
    };
}

async function stopAll() {
    await Promise.all([...running].map((stop) => stop()));
}

// Runs the proof, prints its one line, exits with 0 or 1. It never hangs.
export async function prove(name, proof) {
    const clock = setTimeout(async () => {
        console.error(`FAILED ${name}: not done after ${limit / 1000} s`);
        await stopAll();
        process.exit(1);
    }, limit);
    let status = 0;
    try {
        console.log(`proof ${name}: ${await proof()}`);
    } catch (error) {
        console.error(`FAILED ${name}:`, error);
        status = 1;
    }
    clearTimeout(clock);
    await stopAll();
    process.exit(status);
}

for (const signal of ['SIGTERM', 'SIGINT']) {
    process.once(signal, async () => {
        await stopAll();
        process.exit(1);
    });
}

// ---- sound

// The loudest sample, 0..1, of 16-bit little-endian PCM.
export function peak(pcm) {
    let most = 0;
    for (let at = 0; at + 1 < pcm.length; at += 2) most = Math.max(most, Math.abs(pcm.readInt16LE(at)));
    return most / 32768;
}

// Milliseconds of it.
export function duration(bytes, rate, width) {
    return (bytes / width / rate) * 1000;
}

// What a caller says, spoken by the emulated vendor's own mouth.
export async function speech(vendor, text, { encoding = 'linear16', rate = 16000 } = {}) {
    const answer = await fetch(`${vendor.url}/sim/say?${new URLSearchParams({ text, encoding, rate })}`);
    if (answer.status !== 200) throw new Error(`/sim/say: ${await answer.text()}`);
    return Buffer.from(await answer.arrayBuffer());
}
