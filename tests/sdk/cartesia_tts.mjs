// Cartesia's library against the emulated TTS socket: contexts, words with times, cancel.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { duration, emulator, peak, prove } from './_emulator.mjs';

// Only its CommonJS form finds the WebSocket library on Node.
const { default: Cartesia } = createRequire(import.meta.url)('@cartesia/cartesia-js');

const shape = {
    model_id: 'sonic-3',
    voice: { id: 'voice-one' },
    output_format: { container: 'raw', encoding: 'pcm_s16le', sample_rate: 16000 },
};

await prove('cartesia_tts', async () => {
    const vendor = await emulator('cartesia', { world: { times: { first_audio: '20ms', pace: 20 } } });
    const client = new Cartesia({ apiKey: vendor.key, baseURL: vendor.url });
    // The library insists on wss; the emulator speaks plainly, so the connection below the WebSocket is a plain one.
    const socket = await client.tts.websocket({ createConnection: () => connect(vendor.port, '127.0.0.1') });

    const context = socket.context({ ...shape, add_timestamps: true, timeout: 20_000 });
    await context.push({ transcript: 'Half past ten is free. ' });
    await context.push({ transcript: 'Shall I book it?' });
    await context.no_more_inputs();
    const audio = [], words = [], ends = [];
    let last = '';
    for await (const event of context.receive()) {
        if (event.type === 'chunk') audio.push(Buffer.from(event.audio));
        if (event.type === 'timestamps') {
            words.push(...event.word_timestamps.words);
            ends.push(...event.word_timestamps.end);
        }
        last = event.type;
    }
    assert.equal(last, 'done');
    const pcm = Buffer.concat(audio);
    const length = duration(pcm.length, 16000, 2);
    assert.ok(length > 1500 && length < 8000, `${length} ms`);
    assert.ok(peak(pcm) > 0.05, 'it is silent');
    assert.deepEqual(words, 'Half past ten is free. Shall I book it?'.split(' '));
    assert.ok(ends.every((end, at) => at === 0 || end > ends[at - 1]), 'times fall');
    assert.ok(ends.at(-1) * 1000 <= length + 5, `the last word ends at ${ends.at(-1)} s of ${length} ms`);

    const cut = socket.context({ ...shape, timeout: 20_000 });
    await cut.send({ transcript: 'This is a long sentence that will be interrupted well before it has come to its end, as callers do.', continue: false });
    let heard = 0;
    for await (const event of cut.receive()) {
        if (event.type === 'chunk') heard += event.audio.length;
        if (heard > 0) break;
    }
    await cut.cancel();
    const next = socket.context({ ...shape, timeout: 20_000 });
    await next.send({ transcript: 'Fine.', continue: false });
    let after = 0;
    for await (const event of next.receive()) if (event.type === 'chunk') after += event.audio.length;
    assert.ok(after > 0, 'nothing after a cancelled context');

    const wrong = socket.context({ ...shape, voice: { id: 'unknown' }, timeout: 20_000 });
    socket.on('error', () => {});
    await wrong.send({ transcript: 'x', continue: false });
    await assert.rejects(async () => { for await (const event of wrong.receive()) void event; }, /voice/);
    socket.close();
    return `${Math.round(length)} ms of PCM with ${words.length} timed words from two pieces, a context cancelled, another spoke ${Math.round(duration(after, 16000, 2))} ms, an unknown voice refused`;
});
