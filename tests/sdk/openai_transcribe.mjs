// OpenAI's library against an emulated realtime transcription session: session.update, append, commit, deltas, completed; then server_vad.
// The library always connects with TLS and ?model=…; both are undone below it: the documented form is ?intent=transcription.
import assert from 'node:assert/strict';
import net from 'node:net';
import OpenAI from 'openai';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';
import { emulator, prove } from './_emulator.mjs';
import { bare, play, seen, spoken, world } from './_caller.mjs';

function session(vendor, key) {
    const client = new OpenAI({ apiKey: key, baseURL: `${vendor.url}/v1` });
    return new OpenAIRealtimeWS({
        model: 'gpt-realtime-whisper',
        options: {
            createConnection: () => net.connect(vendor.port, '127.0.0.1'),
            finishRequest: (request) => { request.path = '/v1/realtime?intent=transcription'; request.end(); },
        },
    }, client);
}

async function transcribe(vendor, model, detection) {
    const socket = session(vendor, vendor.key);
    const events = [];
    socket.on('event', (event) => events.push(event));
    socket.on('error', (error) => events.push({ type: 'error', said: error.message }));
    const find = (type) => events.find((event) => event.type === type);
    await seen(() => find('session.created'), 'session.created');
    socket.send({
        type: 'session.update',
        session: { type: 'transcription', audio: { input: { format: { type: 'audio/pcmu' }, transcription: { model, language: 'en' }, turn_detection: detection } } },
    });
    await seen(() => find('session.updated'), 'session.updated');
    const pieces = await spoken(vendor, 'what are your opening hours', { encoding: 'mulaw', rate: 8000 });
    await play(pieces, (piece) => socket.send({ type: 'input_audio_buffer.append', audio: piece.toString('base64') }));
    if (detection === null) socket.send({ type: 'input_audio_buffer.commit' });
    const kind = 'conversation.item.input_audio_transcription';
    const done = await seen(() => find(`${kind}.completed`), 'completed');
    const deltas = events.filter((event) => event.type === `${kind}.delta`);
    assert.equal(bare(done.transcript), 'what are your opening hours');
    assert.equal(deltas.map((event) => event.delta).join(''), done.transcript);
    assert.equal(find('input_audio_buffer.committed').item_id, done.item_id);
    assert.equal(Boolean(find('input_audio_buffer.speech_stopped')), detection !== null);
    assert.ok(!find('error'), JSON.stringify(find('error')));
    socket.close();
    return done.transcript;
}

await prove('openai_transcribe', async () => {
    const vendor = await emulator('openai', { world });
    const byHand = await transcribe(vendor, 'gpt-realtime-whisper', null);
    const byVad = await transcribe(vendor, 'gpt-4o-transcribe', { type: 'server_vad', silence_duration_ms: 300 });
    const refused = session(vendor, 'wrong');
    let code;
    refused.on('error', () => {});
    refused.socket.on('close', (status) => { code = status; });
    await seen(() => code, 'the refusal of a wrong key');
    assert.equal(code, 3000);
    return `openai transcribed "${byHand}" (committed by hand) and "${byVad}" (server_vad), a wrong key was closed with 3000`;
});
