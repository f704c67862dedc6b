// Deepgram's library against the emulated /v2/listen (Flux): StartOfTurn, EagerEndOfTurn, EndOfTurn, Configure, CloseStream.
import assert from 'node:assert/strict';
import { DeepgramClient } from '@deepgram/sdk';
import { emulator, prove } from './_emulator.mjs';
import { play, seen, spoken, world } from './_caller.mjs';

await prove('deepgram_flux', async () => {
    const vendor = await emulator('deepgram', { world });
    const client = new DeepgramClient({ apiKey: vendor.key, environment: { base: vendor.url, production: vendor.ws, agent: vendor.ws } });
    const socket = await client.listen.v2.connect({
        model: 'flux-general-en', encoding: 'linear16', sample_rate: 16000, eot_threshold: 0.8, eager_eot_threshold: 0.5, keyterm: ['tuesday'],
        Authorization: `Token ${vendor.key}`,
    });
    const messages = [];
    let closed;
    socket.on('message', (message) => messages.push(message));
    socket.on('close', (event) => { closed = event; });
    socket.connect();
    await socket.waitForOpen();
    await seen(() => messages.find((m) => m.type === 'Connected'), 'Connected');
    const turn = (event, index) => messages.find((m) => m.type === 'TurnInfo' && m.event === event && m.turn_index === index);

    await play(await spoken(vendor, 'book an appointment', { encoding: 'linear16', rate: 16000 }), (piece) => socket.sendMedia(piece));
    const end = await seen(() => turn('EndOfTurn', 0), 'EndOfTurn');
    assert.equal(end.transcript, 'book an appointment');
    assert.equal(end.trigger, 'model');
    const eager = turn('EagerEndOfTurn', 0);
    assert.ok(turn('StartOfTurn', 0).sequence_id < eager.sequence_id && eager.sequence_id < end.sequence_id, 'in order');
    assert.equal(eager.transcript, end.transcript);

    socket.sendConfigure({ type: 'Configure', keyterms: ['ten'] });
    await seen(() => messages.find((m) => m.type === 'ConfigureSuccess'), 'ConfigureSuccess');
    await play(await spoken(vendor, 'on tuesday at ten', { encoding: 'linear16', rate: 16000 }), (piece) => socket.sendMedia(piece));
    const second = await seen(() => turn('EndOfTurn', 1), 'the second EndOfTurn');
    assert.equal(second.transcript, 'on tuesday at ten');
    assert.deepEqual(messages.map((m) => m.sequence_id), messages.map((_, at) => at));

    socket.sendCloseStream({ type: 'CloseStream' });
    await seen(() => closed, 'the close');
    assert.equal(closed.code, 1005, 'no status in the close frame');
    socket.close();
    return `@deepgram/sdk heard turns "${end.transcript}" (after an eager end) and "${second.transcript}", ${messages.length} messages in sequence`;
});
