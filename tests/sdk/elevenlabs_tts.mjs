// ElevenLabs' library against the emulated text to speech. It has no client for the speaking sockets, so: the stream, and the stream with times.
import assert from 'node:assert/strict';
import { ElevenLabsClient } from '@elevenlabs/elevenlabs-js';
import { duration, emulator, peak, prove } from './_emulator.mjs';

const text = 'Half past ten is free. Shall I book it?';

async function bytesOf(stream) {
    const pieces = [];
    for await (const piece of stream) pieces.push(Buffer.from(piece));
    return { all: Buffer.concat(pieces), pieces: pieces.length };
}

await prove('elevenlabs_tts', async () => {
    const vendor = await emulator('elevenlabs', { world: { times: { first_audio: '20ms', pace: 20 } } });
    const client = new ElevenLabsClient({ apiKey: vendor.key, baseUrl: vendor.url });

    const stream = await client.textToSpeech.stream('voice-one', { text, modelId: 'eleven_flash_v2_5', outputFormat: 'pcm_16000' });
    const { all, pieces } = await bytesOf(stream);
    const length = duration(all.length, 16000, 2);
    assert.ok(length > 1500 && length < 8000, `${length} ms`);
    assert.ok(peak(all) > 0.05, 'it is silent');
    assert.ok(pieces > 3, `${pieces} pieces: it was not streamed`);

    const timed = await client.textToSpeech.streamWithTimestamps('voice-one', { text, modelId: 'eleven_flash_v2_5', outputFormat: 'ulaw_8000' });
    let bytes = 0, said = '', last = 0;
    for await (const item of timed) {
        bytes += Buffer.from(item.audioBase64, 'base64').length;
        said += (item.alignment?.characters ?? []).join('');
        for (const start of item.alignment?.characterStartTimesSeconds ?? []) {
            assert.ok(start >= last, 'times fall');
            last = start;
        }
    }
    assert.equal(said, text);
    const second = duration(bytes, 8000, 1);
    assert.ok(Math.abs(second - length) < 60, `${second} ms against ${length} ms`);
    assert.ok(last * 1000 < second && last * 1000 > second * 0.8, `the last character begins at ${last} s`);

    const refused = async () => bytesOf(await client.textToSpeech.stream('unknown', { text, outputFormat: 'ulaw_8000' }, { maxRetries: 0 }));
    await assert.rejects(refused(), (error) => error.statusCode === 404);
    return `streamed ${Math.round(length)} ms of PCM in ${pieces} pieces, ${Math.round(second)} ms of µ-law with ${said.length} timed characters, an unknown voice 404`;
});
