// Deepgram's library against the emulated /v1/speak: the socket (Speak, Flush, Clear) and one request.
import assert from 'node:assert/strict';
import { DeepgramClient } from '@deepgram/sdk';
import { duration, emulator, peak, prove } from './_emulator.mjs';

function decodeMulaw(bytes) {
    const pcm = Buffer.alloc(bytes.length * 2);
    bytes.forEach((code, at) => {
        const u = ~code & 0xff;
        const magnitude = ((((u & 0x0f) << 3) + 0x84) << ((u >> 4) & 7)) - 0x84;
        pcm.writeInt16LE(u & 0x80 ? -magnitude : magnitude, at * 2);
    });
    return pcm;
}

await prove('deepgram_speak', async () => {
    const vendor = await emulator('deepgram', { world: { times: { first_audio: '20ms', pace: 20 } } });
    const client = new DeepgramClient({
        apiKey: vendor.key,
        environment: { base: vendor.url, production: vendor.ws, agent: vendor.ws },
    });

    const socket = await client.speak.v1.connect({ model: 'aura-2-thalia-en', encoding: 'mulaw', sample_rate: 8000, Authorization: `Token ${vendor.key}` });
    const events = [];
    let audio = [];
    let wake = () => {};
    socket.on('message', (data) => {
        if (data instanceof Blob || data instanceof ArrayBuffer) audio.push(data);
        else events.push(data.type);
        wake();
    });
    const joined = async () => Buffer.from(await new Blob(audio).arrayBuffer());
    const until = async (ready) => { while (!ready()) await new Promise((resolve) => { wake = resolve; }); };
    socket.connect();
    await socket.waitForOpen();
    await until(() => events.includes('Metadata'));

    socket.sendText({ type: 'Speak', text: 'Half past ten is free. Shall I book it?' });
    socket.sendFlush({ type: 'Flush' });
    await until(() => events.includes('Flushed'));
    const spoken = await joined();
    const length = duration(spoken.length, 8000, 1);
    assert.ok(length > 1500 && length < 8000, `${length} ms`);
    assert.ok(peak(decodeMulaw(spoken)) > 0.05, 'it is silent');

    audio = [];
    socket.sendText({ type: 'Speak', text: 'This is a long sentence that will be interrupted well before it has come to its end, as callers do.' });
    socket.sendFlush({ type: 'Flush' });
    await until(() => audio.length >= 2);
    socket.sendClear({ type: 'Clear' });
    await until(() => events.includes('Cleared'));
    const cut = duration((await joined()).length, 8000, 1);
    audio = [];
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(audio.length, 0, 'audio after Cleared');
    assert.ok(cut < 4000, `${cut} ms before Cleared`);
    assert.equal(events.filter((type) => type === 'Flushed').length, 1);
    socket.sendClose({ type: 'Close' });
    socket.close();

    const reply = await client.speak.v1.audio.generate({ text: 'Half past ten is free.', model: 'aura-2-thalia-en', encoding: 'linear16', sample_rate: 16000, container: 'none' });
    const pcm = Buffer.from(await reply.arrayBuffer());
    const second = duration(pcm.length, 16000, 2);
    assert.ok(second > 800 && second < 5000, `${second} ms`);
    assert.ok(peak(pcm) > 0.05, 'it is silent');
    await assert.rejects(client.speak.v1.audio.generate({ text: 'x', model: 'nobody', encoding: 'mulaw', container: 'none' }, { maxRetries: 0 }), (error) => error.statusCode === 400);
    return `socket spoke ${Math.round(length)} ms of µ-law, Clear cut after ${Math.round(cut)} ms, one request gave ${Math.round(second)} ms of PCM, a wrong model 400`;
});
