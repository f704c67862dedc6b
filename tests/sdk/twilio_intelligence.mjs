// Conversational Intelligence through the official SDK: services and versions, operators and attachments, transcripts from a recording and from a live call,
// sentences with redaction, operator results, the signed webhook.
import assert from 'node:assert/strict';
import { account, application, carrier, checks, paged, prove, refused, token, twilio, until } from './_twilio.mjs';

const desk = '+18005551212';

await prove('twilio_intelligence', async () => {
    const app = await application((request) => {
        const response = new twilio.twiml.VoiceResponse();
        if (request.path !== '/voice') return undefined;
        response.say('Thank you for calling. My name is Ada. I will connect you.');
        response.pause({ length: 1 });
        response.say('Your number is 555 0199. Goodbye.');
        response.pause({ length: 30 });
        return response;
    });
    const sim = await carrier({ config: { numbers: { [desk]: { voice_url: `${app.url}/voice` } } } });
    const client = sim.client();
    const intelligence = client.intelligence.v2;
    const { step, line } = checks();

    const service = await step('services', async () => {
        const made = await intelligence.services.create({ uniqueName: 'desk', friendlyName: 'Desk', autoRedaction: true, webhookUrl: `${app.url}/done?a=1`, webhookHttpMethod: 'POST' });
        assert.match(made.sid, /^GA/);
        assert.deepEqual([made.languageCode, made.autoRedaction, made.mediaRedaction, made.autoTranscribe, made.dataLogging, made.version, made.readOnlyAttachedOperatorSids], ['en-US', true, false, false, false, 1, []]);
        assert.ok(made.dateCreated instanceof Date);
        await refused(intelligence.services.create({ uniqueName: 'desk' }), 409, 20409);
        await refused(intelligence.services.create({ uniqueName: 'x', mediaRedaction: true }), 400, 20001);
        for (let i = 0; i < 4; ++i) await intelligence.services.create({ uniqueName: `s${i}` });
        assert.equal(await paged(intelligence.services, {}, 5, 2), 3);
        assert.equal((await intelligence.services('desk').fetch()).sid, made.sid, 'by its unique name');
        assert.equal((await intelligence.services(made.sid).update({ friendlyName: 'Front desk', ifMatch: '1' })).version, 2);
        await refused(intelligence.services(made.sid).update({ friendlyName: 'x', ifMatch: '1' }), 412, 20412);
        return made.sid;
    });
    const prebuilt = await step('operators', async () => {
        const all = await intelligence.prebuiltOperators.list();
        assert.ok(all.length >= 5 && all.every((one) => one.author === 'twilio'));
        assert.equal((await intelligence.operators(all[0].sid).fetch()).friendlyName, 'Sentiment Analysis');
        assert.equal((await intelligence.prebuiltOperators(all[0].sid).fetch()).operatorType, 'conversation-classify');
        assert.ok((await intelligence.operatorType.list()).some((one) => one.name === 'extract'));
        return all;
    });
    const custom = await step('custom operators', async () => {
        const made = await intelligence.customOperators.create({ friendlyName: 'Greets', operatorType: 'utterance-classify', config: { phrases: ['thank you for calling'] } });
        await refused(intelligence.customOperators.create({ friendlyName: 'x', operatorType: 'magic', config: {} }), 400, 20001);
        const changed = await intelligence.customOperators(made.sid).update({ friendlyName: 'Thanks', config: { phrases: ['thank you'] } });
        assert.deepEqual([changed.friendlyName, changed.version, changed.config.phrases[0]], ['Thanks', 2, 'thank you']);
        assert.equal((await intelligence.customOperators.list()).length, 1);
        assert.equal((await intelligence.operators.list()).length, prebuilt.length + 1);
        return made.sid;
    });
    await step('attachments', async () => {
        for (const one of [...prebuilt.map((operator) => operator.sid), custom]) assert.equal((await intelligence.operatorAttachment(service, one).create()).operatorSid, one);
        assert.equal((await intelligence.operatorAttachments(service).fetch()).operatorSids.length, prebuilt.length + 1);
        assert.equal(await intelligence.operatorAttachment(service, prebuilt[5].sid).remove(), true);
        await refused(intelligence.operatorAttachment(service, prebuilt[5].sid).remove(), 404, 20404);
        assert.equal((await intelligence.services(service).fetch()).readOnlyAttachedOperatorSids.length, prebuilt.length);
    });
    const transcript = await step('transcript of a recording', async () => {
        const call = (await client.calls.create({ to: '+14155550101', from: desk, url: `${app.url}/voice`, record: true, recordingChannels: 'dual', trim: 'do-not-trim' })).sid;
        await until(async () => (await sim.client().calls(call).fetch()).status === 'in-progress', 'the answer');
        await new Promise((resolve) => setTimeout(resolve, 1700));
        await client.calls(call).update({ status: 'completed' });
        const [recording] = await until(async () => { const all = await client.recordings.list({ callSid: call }); return all.length ? all : undefined; }, 'the recording');
        const channel = { media_properties: { source_sid: recording.sid }, participants: [{ channel_participant: 1, role: 'Customer' }, { channel_participant: 2, role: 'Agent' }] };
        const made = await intelligence.transcripts.create({ serviceSid: service, channel, customerKey: 'call-7' });
        assert.deepEqual([made.sid.slice(0, 2), made.status, made.customerKey, made.redaction, made.channel.participants.length], ['GT', 'queued', 'call-7', true, 2]);
        await refused(intelligence.transcripts.create({ serviceSid: service, channel: { media_properties: { source_sid: `RE${'0'.repeat(32)}` } } }), 404, 20404);
        await refused(intelligence.transcripts.create({ serviceSid: 'nothing', channel }), 404, 20404);
        await refused(intelligence.transcripts.create({ serviceSid: service, channel: {} }), 400, 20001);
        const done = await until(async () => { const one = await intelligence.transcripts(made.sid).fetch(); return ['completed', 'failed'].includes(one.status) ? one : undefined; }, 'the transcript');
        assert.equal(done.status, 'completed');
        assert.ok(done.duration > 0);
        assert.equal((await intelligence.transcripts(made.sid).media().fetch()).mediaUrl, `${sim.url}/2010-04-01/Accounts/${account}/Recordings/${recording.sid}.wav`);
        return made.sid;
    });
    await step('webhook', async () => {
        const told = await until(() => app.at('/done').find((one) => one.body.includes(transcript)), 'the webhook');
        assert.deepEqual(JSON.parse(told.body), { account_sid: account, service_sid: service, transcript_sid: transcript, customer_key: 'call-7', event_type: 'voice_intelligence_transcript_available', encryption_credential_sid: null });
        assert.ok(twilio.validateRequestWithBody(token, told.headers['x-twilio-signature'], told.url, told.body), 'signed over the URL with the digest of the body');
        assert.ok(!twilio.validateRequestWithBody(token, told.headers['x-twilio-signature'], told.url, `${told.body} `));
    });
    await step('sentences', async () => {
        const hidden = await intelligence.transcripts(transcript).sentences.list();
        assert.deepEqual(hidden.map((one) => one.transcript), ['Thank you for calling. My name is [NAME]. I will connect you.', 'Your number is [NUMBER]. Goodbye.']);
        const [first, second] = await intelligence.transcripts(transcript).sentences.list({ redacted: false, wordTimestamps: true });
        assert.equal(first.transcript, 'Thank you for calling. My name is Ada. I will connect you.');
        assert.deepEqual([first.mediaChannel, first.sentenceIndex, first.words.length, first.words[0].word], [2, 0, 12, 'Thank']);
        assert.ok(Number(second.startTime) > Number(first.startTime) && /^\d+\.\d\d$/.test(first.startTime) && /^0\.\d\d$/.test(first.confidence));
    });
    await step('operator results', async () => {
        const results = Object.fromEntries((await intelligence.transcripts(transcript).operatorResults.list()).map((one) => [one.name, one]));
        assert.equal(results['Sentiment Analysis'].predictedLabel, 'positive');
        assert.equal(results['Voicemail Detector'].predictedLabel, 'human');
        assert.equal(results['Call Transfer'].utteranceMatch, true);
        assert.equal(results.Thanks.utteranceMatch, true);
        assert.ok(results['Conversation Summary'].textGenerationResults.result.includes('Goodbye.'));
        assert.deepEqual(results['Entity Recognition'].extractResults.entities.map((one) => one.label).sort(), ['NAME', 'NUMBER']);
        assert.equal((await intelligence.transcripts(transcript).operatorResults(custom).fetch()).transcriptSid, transcript);
    });
    await step('transcript of a live call', async () => {
        await client.calls.create({ to: '+14155550102', from: desk, twiml: '<Response><Start><Transcription intelligenceService="desk" track="outbound_track"/></Start><Say>Great news.</Say></Response>' });
        const live = await until(async () => (await intelligence.transcripts.list({ status: 'completed' })).find((one) => one.sid !== transcript), 'the transcript of the live call');
        assert.deepEqual((await intelligence.transcripts(live.sid).sentences.list()).map((one) => [one.mediaChannel, one.transcript]), [[2, 'Great news.']]);
    });
    await step('list and remove', async () => {
        assert.equal((await intelligence.transcripts.list({ serviceSid: service })).length, 2);
        assert.equal(await paged(intelligence.transcripts, {}, 2, 1), 2);
        assert.equal(await intelligence.transcripts(transcript).remove(), true);
        await refused(intelligence.transcripts(transcript).fetch(), 404, 20404);
        assert.equal(await intelligence.customOperators(custom).remove(), true);
        assert.equal(await intelligence.services(service).remove(), true);
        await refused(intelligence.services('desk').fetch(), 404, 20404);
    });
    return line(10);
});
