// AssemblyAI's library against the emulated streaming API: both families of models, Begin to Termination, its close codes, a temporary token.
// The library accepts nothing but wss: its address is made ws after it has built it.
import assert from 'node:assert/strict';
import { AssemblyAI, StreamingTranscriber } from 'assemblyai';
import { emulator, prove } from './_emulator.mjs';
import { bare, play, seen, spoken, world } from './_caller.mjs';

class PlainTranscriber extends StreamingTranscriber {
    connectionUrl() {
        const url = super.connectionUrl();
        url.protocol = 'ws:';
        return url;
    }
}

async function transcribe(vendor, options) {
    const stream = new PlainTranscriber({
        websocketBaseUrl: `wss://127.0.0.1:${vendor.port}/v3/ws`, apiKey: vendor.key, encoding: 'pcm_mulaw', sampleRate: 8000, minTurnSilence: 300, ...options,
    });
    const turns = [];
    const last = [];
    stream.on('turn', (turn) => turns.push(turn));
    const begin = await stream.connect();
    assert.ok(begin.id);
    stream.socket.addEventListener('message', ({ data }) => last.push(JSON.parse(data).type));
    await play(await spoken(vendor, 'on tuesday at ten', { encoding: 'mulaw', rate: 8000 }), (piece) => stream.sendAudio(piece));
    const wanted = (turn) => turn.end_of_turn && (turn.turn_is_formatted || !options.formatTurns);
    const end = await seen(() => turns.find(wanted), 'end_of_turn');
    await stream.close();
    assert.equal(last.at(-1), 'Termination');
    assert.equal(bare(end.transcript), 'on tuesday at ten');
    assert.ok(turns.some((turn) => !turn.end_of_turn && turn.words.length > 0), 'a partial turn');
    assert.deepEqual([...new Set(turns.map((turn) => turn.turn_order))], [0]);
    return end.transcript;
}

await prove('assemblyai', async () => {
    const vendor = await emulator('assemblyai', { world });
    const pro = await transcribe(vendor, { speechModel: 'universal-3-5-pro' });
    const universal = await transcribe(vendor, { speechModel: 'universal-streaming-english', formatTurns: true });
    const client = new AssemblyAI({ apiKey: vendor.key, streamingBaseUrl: vendor.url });
    const token = await client.streaming.createTemporaryToken({ expires_in_seconds: 60 });
    const byToken = await transcribe(vendor, { speechModel: 'universal-3-5-pro', apiKey: undefined, token });

    const wrong = new PlainTranscriber({ websocketBaseUrl: `wss://127.0.0.1:${vendor.port}/v3/ws`, apiKey: 'wrong', sampleRate: 8000, maxConnectionRetries: 0 });
    await assert.rejects(wrong.connect(), (error) => error.code === 1008);
    const short = new PlainTranscriber({ websocketBaseUrl: `wss://127.0.0.1:${vendor.port}/v3/ws`, apiKey: vendor.key, encoding: 'pcm_mulaw', sampleRate: 8000 });
    let code;
    short.on('close', (status) => { code = status; });
    short.on('error', () => {});
    await short.connect();
    short.sendAudio(Buffer.alloc(160, 0xff));
    await seen(() => code, 'the refusal of 20 ms');
    assert.equal(code, 3007);
    return `assemblyai heard "${pro}" (universal-3-5-pro), "${universal}" (universal-streaming, formatted), "${byToken}" (temporary token); a wrong key 1008, 20 ms 3007`;
});
