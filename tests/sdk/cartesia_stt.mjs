// Cartesia's library against both emulated recognition endpoints: with turns, and finalised by the client.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { emulator, prove } from './_emulator.mjs';
import { play, seen, spoken, world } from './_caller.mjs';

// Its sockets find `ws` only when the library is loaded as CommonJS.
const require = createRequire(import.meta.url);
const { default: Cartesia } = require('@cartesia/cartesia-js');
const { AutoFinalizeWS } = require('@cartesia/cartesia-js/resources/stt/auto-finalize/ws');
const { ManualFinalizeWS } = require('@cartesia/cartesia-js/resources/stt/manual-finalize/ws');

await prove('cartesia_stt', async () => {
    const vendor = await emulator('cartesia', { world });
    const client = new Cartesia({ apiKey: vendor.key, baseURL: vendor.url });

    const turns = new AutoFinalizeWS(client, { model: 'ink-2', encoding: 'pcm_mulaw', sample_rate: 8000 });
    const events = [];
    turns.on('event', (event) => events.push(event));
    turns.on('error', (error) => events.push({ type: 'error', said: error.message }));
    await seen(() => events.find((event) => event.type === 'connected'), 'connected');
    await play(await spoken(vendor, 'what are your opening hours', { encoding: 'mulaw', rate: 8000 }), (piece) => turns.sendRaw(piece));
    const end = await seen(() => events.find((event) => event.type === 'turn.end'), 'turn.end');
    assert.equal(end.transcript, 'what are your opening hours');
    const order = events.map((event) => event.type);
    assert.ok(order.indexOf('turn.start') < order.indexOf('turn.update') && order.indexOf('turn.update') < order.indexOf('turn.eager_end'), order.join());
    assert.ok(!order.includes('error'), JSON.stringify(events.find((event) => event.type === 'error')));
    turns.send({ type: 'close' });
    turns.close();

    const manual = new ManualFinalizeWS(client, { model: 'ink-2', language: 'en', encoding: 'pcm_s16le', sample_rate: 16000 });
    const answers = [];
    manual.on('event', (event) => answers.push(event));
    manual.on('error', (error) => answers.push({ type: 'error', said: error.message }));
    await play(await spoken(vendor, 'on tuesday at ten', { encoding: 'linear16', rate: 16000 }, 100), (piece) => manual.sendRaw(piece));
    manual.send('finalize');
    await seen(() => answers.find((event) => event.type === 'flush_done'), 'flush_done');
    const finals = answers.filter((event) => event.type === 'transcript' && event.is_final).map((event) => event.text).join('');
    assert.equal(finals, 'on tuesday at ten');
    manual.send('close');
    await seen(() => answers.find((event) => event.type === 'done'), 'done');
    assert.ok(!answers.some((event) => event.type === 'error'), JSON.stringify(answers));
    manual.close();
    return `@cartesia/cartesia-js heard "${end.transcript}" (turns) and "${finals}" (finalised by hand)`;
});
