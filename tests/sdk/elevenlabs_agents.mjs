// ElevenLabs Agents through the Conversation client of @elevenlabs/elevenlabs-js, with a signed URL: greeting, a spoken question, a spoken answer, a
// client tool. (The client takes the address of a public agent from itself; a signed one comes from the server.)
import assert from 'node:assert/strict';
import { ElevenLabsClient } from '@elevenlabs/elevenlabs-js';
import { AudioInterface, ClientTools, Conversation } from '@elevenlabs/elevenlabs-js/api/resources/conversationalAi/conversation/index.js';
import { duration, emulator, peak, prove, speech } from './_emulator.mjs';

const question = 'what are your opening hours';
const answer = 'We are open from nine until five.';
const world = {
    phrases: [question, 'book an appointment'],
    rules: [
        { words: ['opening'], say: answer },
        { words: ['appointment'], tool: 'get_slot', arguments: '{"day":"tue"}' },
        { tool_result: 'get_slot', say: 'Tuesday at ten is free.' },
    ],
    times: { recognition: '50ms', first_token: '50ms', first_audio: '50ms', pace: 0 },
};

class Telephone extends AudioInterface {
    sounds = [];
    start(input) { this.input = input; }
    stop() {}
    output(sound) { this.sounds.push(sound); }
    interrupt() {}
}

await prove('elevenlabs_agents', async () => {
    const vendor = await emulator('elevenlabs', { world });
    const client = new ElevenLabsClient({ apiKey: vendor.key, environment: { base: vendor.url, wss: vendor.ws }, baseUrl: vendor.url });
    const telephone = new Telephone();
    const tools = new ClientTools();
    const called = [];
    tools.register('get_slot', (parameters) => { called.push(parameters); return '{"free":"10:00"}'; }, false);
    const seen = [], waiting = [];
    const conversation = new Conversation({
        client, agentId: 'agent_1-pcm_16000', requiresAuth: true, audioInterface: telephone, clientTools: tools,
        config: { extraBody: {}, conversationConfigOverride: { agent: { first_message: 'Hello, how can I help you?' } }, dynamicVariables: {} },
        callbackMessageReceived: (message) => {
            seen.push(message);
            for (const one of [...waiting]) {
                if (!one.fits(message)) continue;
                waiting.splice(waiting.indexOf(one), 1);
                one.resolve(message);
            }
        },
    });
    const next = (type) => new Promise((resolve) => waiting.push({ resolve, fits: (m) => m.type === type }));
    let complete = next('agent_response_complete');
    await conversation.startSession();
    await complete;
    assert.ok(conversation.getConversationId().startsWith('conv_'));
    assert.equal(seen.find((m) => m.type === 'agent_response').agent_response_event.agent_response, 'Hello, how can I help you?');
    const greeting = Buffer.concat(telephone.sounds.splice(0));
    assert.ok(duration(greeting.length, 16000, 2) > 500 && peak(greeting) > 0.05, 'the greeting is audible');

    const say = async (text) => {
        const sound = Buffer.concat([await speech(vendor, text, { encoding: 'linear16', rate: 16000 }), Buffer.alloc(16000)]);
        for (let at = 0; at < sound.length; at += 8000) telephone.input(sound.subarray(at, at + 8000));
    };
    seen.length = 0;
    complete = next('agent_response_complete');
    await say(question);
    await complete;
    assert.equal(seen.find((m) => m.type === 'user_transcript').user_transcription_event.user_transcript, question);
    assert.equal(seen.find((m) => m.type === 'agent_response').agent_response_event.agent_response, answer);
    const sound = Buffer.concat(telephone.sounds.splice(0));
    const length = duration(sound.length, 16000, 2);
    assert.ok(length > 800 && length < 10000, `${length} ms of sound`);
    assert.ok(peak(sound) > 0.05, 'the answer is audible');

    seen.length = 0;
    complete = next('agent_response_complete');
    await say('book an appointment');
    await complete;
    assert.equal(called.length, 1);
    assert.equal(called[0].day, 'tue');
    assert.equal(seen.find((m) => m.type === 'agent_response').agent_response_event.agent_response, 'Tuesday at ten is free.');
    conversation.endSession();
    return `greeted; "${question}" spoken, heard as such, answered "${answer}" in ${Math.round(length)} ms of sound; get_slot called and its result spoken`;
});
