// The official MCP library as a server (streamable HTTP, with sessions and without, answers as events and as JSON), our client as its peer.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { EmptyResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';

// What the server's tools have seen.
const seen = { booked: [], pings: 0 };

function tools() {
    const server = new McpServer({ name: 'salon', version: '1.0.0' });
    server.registerTool('find.slot', { description: 'Free times of a day.', inputSchema: { day: z.string() }, annotations: { readOnlyHint: true } },
        async ({ day }) => ({ content: [{ type: 'text', text: `ten on ${day}` }] }));
    server.registerTool('book', { description: 'Books a time.', inputSchema: { day: z.string(), n: z.number().int() }, outputSchema: { id: z.string() } }, async (given, extra) => {
        seen.booked.push(given);
        const token = extra._meta?.progressToken;
        assert.ok(token !== undefined, 'a token for progress');
        await extra.sendNotification({ method: 'notifications/progress', params: { progressToken: token, progress: 1, total: 2 } });
        return { content: [{ type: 'text', text: 'B7' }], structuredContent: { id: 'B7' } };
    });
    server.registerTool('asks_back', { description: 'Asks the client whether it is there.' }, async (extra) => {
        await extra.sendRequest({ method: 'ping' }, EmptyResultSchema);
        seen.pings += 1;
        return { content: [{ type: 'text', text: 'it is' }] };
    });
    server.registerTool('breaks', { description: 'Always fails.' }, async () => { throw new Error('no paper left'); });
    return server;
}

async function listen(handle) {
    const server = http.createServer((request, response) => {
        const chunks = [];
        request.on('data', (chunk) => chunks.push(chunk));
        request.on('end', () => handle(request, response, chunks.length ? JSON.parse(Buffer.concat(chunks).toString()) : undefined).catch((error) => {
            console.error(error);
            response.destroy();
        }));
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { url: `http://127.0.0.1:${server.address().port}/mcp`, close: () => { server.closeAllConnections(); server.close(); } };
}

const ask = (url, version, ...asked) => new Promise((resolve, reject) => {
    execFile(process.env.PARLEY_MCP_ASK, [url, version, ...asked], { timeout: 30000 }, (error, out, log) => {
        if (error) reject(new Error(`${error} ${log}`));
        else resolve({ lines: out.trim().split('\n').map((line) => JSON.parse(line)), log });
    });
});

function proven({ lines, log }) {
    const [listed, found, booked, back, broken, wrong] = lines;
    assert.equal(log, '');
    const byName = Object.fromEntries(listed.tools.map((tool) => [tool.name, tool]));
    assert.deepEqual(Object.keys(byName).sort(), ['asks_back', 'book', 'breaks', 'find_slot']);
    assert.equal(byName.find_slot.parameters.required[0], 'day');
    assert.equal(found.outcome, 'ok');
    assert.match(JSON.stringify(found.json), /ten on monday/);
    assert.equal(booked.outcome, 'ok');
    assert.match(JSON.stringify(booked.json), /B7/);
    assert.equal(back.outcome, 'ok');
    assert.equal(broken.outcome, 'error');
    assert.match(JSON.stringify(broken.json), /no paper left/);
    assert.equal(wrong.outcome, 'error');
}
const wishes = ['find_slot', '{"day":"monday"}', 'book', '{"day":"monday","n":2}', 'asks_back', '{}', 'breaks', '{}', 'book', '{"day":7}'];

// With sessions.
{
    const sessions = new Map();
    let initialized = 0, drop = false;
    const peer = await listen(async (request, response, body) => {
        const id = request.headers['mcp-session-id'];
        if (drop && sessions.size > 0) {  // the server was started again
            drop = false;
            for (const old of sessions.values()) await old.close();
            sessions.clear();
        }
        let transport = id ? sessions.get(id) : undefined;
        if (!transport && id) {
            response.writeHead(404, { 'content-type': 'application/json' });
            response.end(JSON.stringify({ jsonrpc: '2.0', error: { code: -32001, message: 'Session not found' }, id: null }));
            return;
        }
        if (!transport) {
            transport = new StreamableHTTPServerTransport({
                sessionIdGenerator: () => randomUUID(),
                onsessioninitialized: (made) => {
                    initialized += 1;
                    sessions.set(made, transport);
                },
            });
            await tools().connect(transport);
        }
        if (body?.method === 'tools/call' && body.params.name === 'book' && body.params.arguments.n === 9) drop = true;  // from the next request on
        await transport.handleRequest(request, response, body);
    });
    proven(await ask(peer.url, '2025-11-25', ...wishes));
    assert.equal(initialized, 1);
    assert.deepEqual(seen.booked, [{ day: 'monday', n: 2 }]);
    assert.equal(seen.pings, 1);
    // Which generation it is of is found out.
    const found = await ask(peer.url, '', 'find_slot', '{"day":"tuesday"}');
    assert.match(JSON.stringify(found.lines[1].json), /ten on tuesday/);
    // A session that is gone is made anew, and the wish done once.
    const before = initialized;
    const again = await ask(peer.url, '2025-06-18', 'book', '{"day":"friday","n":9}', 'book', '{"day":"sunday","n":3}');
    assert.equal(again.lines[2].outcome, 'ok', JSON.stringify(again.lines));
    assert.equal(initialized, before + 2);
    assert.deepEqual(seen.booked.slice(1), [{ day: 'friday', n: 9 }, { day: 'sunday', n: 3 }]);
    peer.close();
}

// Without, as events and as JSON: a server for each request.
for (const enableJsonResponse of [false, true]) {
    seen.booked.length = 0;
    const peer = await listen(async (request, response, body) => {
        if (request.method !== 'POST') {
            response.writeHead(405).end();
            return;
        }
        assert.equal(request.headers['mcp-session-id'], undefined);
        const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined, enableJsonResponse });
        await tools().connect(transport);
        await transport.handleRequest(request, response, body);
    });
    const asked = wishes.filter((_, i) => i < 4 || i > 5);
    const told = await ask(peer.url, '2025-06-18', ...asked);
    told.lines.splice(3, 0, { outcome: 'ok' });  // nothing can be asked back without a session
    proven(told);
    assert.deepEqual(seen.booked, [{ day: 'monday', n: 2 }]);
    peer.close();
}
console.log('mcp_server: proven');
