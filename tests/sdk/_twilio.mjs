// The simulated carrier and the official SDK pointed at it. The SDK is left as it is: only the host of each URL it asks is another one.
//
//   import { carrier, checks, prove } from './_twilio.mjs';
//   await prove('twilio_calls', async () => {
//       const sim = await carrier({ numbers: ['+18005551212=http://127.0.0.1:1/voice'] });
//       const client = sim.client();
//       ...
//   });
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import twilio from 'twilio';

export { twilio };
export const account = 'AC0123456789abcdef0123456789abcdef';
export const token = 'fedcba9876543210fedcba9876543210';
const running = new Set();

// Every product's host becomes the simulator; paths, forms and headers stay.
class Pointed extends twilio.RequestClient {
    constructor(base, options) {
        super(options);
        this.base = base;
        this.asked = [];
    }
    request(options) {
        const url = new URL(options.uri);
        this.asked.push(`${options.method.toUpperCase()} ${url.hostname} ${url.pathname}`);
        return super.request({ ...options, uri: `${this.base}${url.pathname}${url.search}` });
    }
}

// options: numbers (list of +E164=URL), config (object, written as a file), args.
export async function carrier(options = {}) {
    const binary = process.env.PARLEY_BIN;
    if (!binary) throw new Error('PARLEY_BIN does not name the program');
    const directory = mkdtempSync(join(tmpdir(), 'parley-sdk-'));
    const args = ['sim', 'twilio', '--port', '0', '--tones', '--speed', String(options.speed ?? 10)];
    for (const number of options.numbers ?? []) args.push('--number', number);
    if (options.config) {
        const file = join(directory, 'twilio.yaml');
        writeFileSync(file, JSON.stringify(options.config));
        args.push('--config', file);
    }
    args.push(...(options.args ?? []));
    const child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, TWILIO_ACCOUNT_SID: account, TWILIO_AUTH_TOKEN: token } });
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
        createInterface({ input: child.stdout }).once('line', (line) => resolve(Number(/:(\d+);/.exec(line)?.[1])));
    });
    if (!Number.isInteger(port) || port <= 0) throw new Error('parley sim twilio printed no port');
    const url = `http://127.0.0.1:${port}`;
    const control = async (method, path, body, wanted) => {
        const answer = await fetch(`${url}${path}`, { method, body: body === undefined ? undefined : JSON.stringify(body) });
        const text = await answer.text();
        if (!wanted.includes(answer.status)) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
        return text ? JSON.parse(text) : undefined;
    };
    return {
        port, url, stop,
        client: ({ user = account, password = token, http = {}, ...rest } = {}) => {
            const httpClient = new Pointed(url, http);
            const client = twilio(user, password, { accountSid: account, httpClient, ...rest });
            client.asked = httpClient.asked;
            return client;
        },
        get: (path) => control('GET', path, undefined, [200]),
        post: (path, body) => control('POST', path, body, [201]),
        put: (path, body) => control('PUT', path, body, [204]),
        report: (sid) => until(async () => {
            const answer = await fetch(`${url}/sim/calls/${sid}`);
            return answer.status === 200 ? answer.json() : undefined;
        }, `the report of ${sid}`),
        inbox: async (number) => (await control('GET', `/sim/phones/${encodeURIComponent(number)}/messages`, undefined, [200])).messages,
    };
}

// An application: answer(request) with {path, url, method, form, headers, body} gives TwiML, an object to be sent as JSON, or nothing (204).
export async function application(answer = () => undefined) {
    const seen = [];
    const server = createServer((request, response) => {
        const chunks = [];
        request.on('data', (chunk) => chunks.push(chunk));
        request.on('end', () => {
            const body = Buffer.concat(chunks).toString();
            const one = { method: request.method, path: request.url.split('?')[0], url: `http://${request.headers.host}${request.url}`, headers: request.headers, body,
                form: Object.fromEntries(new URLSearchParams(request.method === 'POST' ? body : request.url.split('?')[1] ?? '')) };
            seen.push(one);
            const given = answer(one);
            if (given === undefined) return response.writeHead(204).end();
            if (typeof given === 'object' && given.status) return response.writeHead(given.status, { 'Content-Type': given.type ?? 'text/plain' }).end(given.body ?? '');
            response.writeHead(200, { 'Content-Type': 'text/xml' }).end(String(given));
        });
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const stop = () => new Promise((resolve) => { running.delete(stop); server.closeAllConnections(); server.close(resolve); });
    running.add(stop);
    const url = `http://127.0.0.1:${server.address().port}`;
    return { url, seen, stop, at: (path) => seen.filter((one) => one.path === path) };
}

// The first answer of `look` that is neither undefined nor false.
export async function until(look, what, limit = 20_000) {
    const end = Date.now() + limit;
    for (;;) {
        const found = await look();
        if (found !== undefined && found !== false) return found;
        if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
    }
}

// Counts what was done: step(name, action) runs it; line() is the proof's line.
export function checks() {
    const done = [];
    return {
        step: async (name, action) => {
            try {
                const result = await action();
                done.push(name);
                return result;
            } catch (error) {
                error.message = `${name}: ${error.message}`;
                throw error;
            }
        },
        line: (wanted) => {
            assert.equal(done.length, wanted, 'steps done');
            return `${done.join(', ')}; ${done.length} of ${wanted}`;
        },
    };
}

// The SDK's typed error with this status and code.
export async function refused(promise, status, code) {
    await assert.rejects(promise, (error) => {
        assert.ok(error instanceof twilio.RestException, `${error}`);
        assert.equal(error.status, status, error.message);
        assert.equal(error.code, code, error.message);
        assert.equal(error.moreInfo, `https://www.twilio.com/docs/errors/${code}`);
        return true;
    });
}

// A list over several pages, both by the SDK's own walking and page by page; answers how many pages there were.
export async function paged(list, params, total, pageSize) {
    const all = await list.list({ ...params, pageSize });
    assert.equal(all.length, total, 'list() over all pages');
    assert.equal(new Set(all.map((one) => one.sid ?? one.callSid)).size, total, 'no record twice');
    const limited = await list.list({ ...params, pageSize, limit: total - 1 });
    assert.equal(limited.length, total - 1, 'list() with a limit');
    let each = 0;
    await new Promise((resolve, reject) => list.each({ ...params, pageSize, callback: () => { each += 1; }, done: (error) => (error ? reject(error) : resolve()) }));
    assert.equal(each, total, 'each()');
    let page = await list.page({ ...params, pageSize });
    let pages = 1, records = page.instances.length, back = 0;
    for (let next = page.nextPage(); next; next = page.nextPage()) {
        page = await next;
        pages += 1;
        records += page.instances.length;
    }
    assert.equal(records, total, 'page by page');
    for (let before = page.previousPage(); before; before = page.previousPage()) {
        page = await before;
        back += 1;
    }
    assert.equal(back, pages - 1, 'and back again');
    assert.equal(pages, Math.ceil(total / pageSize));
    return pages;
}

export async function prove(name, proof, limit = 60_000) {
    let status = 0;
    const stopAll = () => Promise.all([...running].map((stop) => stop()));
    const clock = setTimeout(async () => {
        console.error(`FAILED ${name}: not done after ${limit / 1000} s`);
        await stopAll();
        process.exit(1);
    }, limit);
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
        await Promise.all([...running].map((stop) => stop()));
        process.exit(1);
    });
}
