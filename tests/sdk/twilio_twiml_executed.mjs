// Documents built by the official SDK, executed by the simulated carrier: what the caller hears, types and leaves behind, and where the call goes.
import assert from 'node:assert/strict';
import { application, carrier, checks, prove, twilio, until } from './_twilio.mjs';

const desk = '+18005551212', ann = '+14155550101', busy = '+14155550102', caller = '+14155550100';

await prove('twilio_twiml_executed', async () => {
    const documents = {
        '/say': (r) => { r.say({ loop: 2 }, 'Hello there.'); r.play({ digits: '12' }); r.pause({ length: 1 }); r.redirect({ method: 'GET' }, '/moved?from=say'); },
        '/moved': (r) => r.hangup(),
        '/gather': (r) => { r.gather({ numDigits: 2, action: '/pressed', timeout: 3 }).say('Press two keys.'); r.say('Nothing was pressed.'); },
        '/pressed': (r) => r.say('Thank you.'),
        '/gather-empty': (r) => { r.gather({ numDigits: 1, timeout: 1, action: '/pressed-nothing', actionOnEmptyResult: true }); },
        '/pressed-nothing': (r) => r.hangup(),
        '/record': (r) => r.record({ action: '/recorded', maxLength: 2, playBeep: true, trim: 'do-not-trim', recordingStatusCallback: '/stored' }),
        '/recorded': (r) => r.hangup(),
        '/dial': (r) => { const dial = r.dial({ action: '/dialled', timeout: 5 }); dial.number({ statusCallback: '/leg', statusCallbackEvent: 'initiated ringing answered completed', url: '/whisper' }, ann); },
        '/whisper': (r) => r.say('A call for you.'),
        '/dial-busy': (r) => r.dial({ action: '/dialled' }, busy),
        '/dialled': (r) => r.hangup(),
        '/conference': (r) => { r.dial().conference({ statusCallback: '/room', statusCallbackEvent: 'start end join leave', endConferenceOnExit: true, waitUrl: '' }, 'Room'); },
        '/start': (r) => { r.start().transcription({ name: 'live', statusCallbackUrl: `${app.url}/words`, track: 'outbound_track' }); r.say('These words are written down.'); r.stop().transcription({ name: 'live' }); r.say('These are not.'); },
        '/reject': (r) => r.reject({ reason: 'busy' }),
    };
    const app = await application((request) => {
        const make = documents[request.path];
        if (!make) return undefined;
        const response = new twilio.twiml.VoiceResponse();
        make(response);
        return response;
    });
    const sim = await carrier({ config: { numbers: { [desk]: {} }, people: { [ann]: { machine: { text: 'this is the machine of ann' } }, [busy]: { answer: 'busy', after: '50ms' } } } });
    const client = sim.client();
    const { step, line } = checks();
    const call = async (path, scenario) => (await sim.post('/sim/calls', { to: desk, from: caller, voice_url: `${app.url}${path}`, scenario_yaml: scenario && JSON.stringify(scenario) })).call_sid;
    const said = (report) => report.transcript.filter((one) => one.who === 'carrier').map((one) => one.text);
    const form = (path, sid) => until(() => app.at(path).find((one) => !sid || one.form.CallSid === sid)?.form, path);

    await step('say, play, pause, redirect', async () => {
        const sid = await call('/say');
        const report = await sim.report(sid);
        assert.deepEqual(said(report), ['Hello there.']);
        assert.equal(report.status, 'completed');
        const moved = app.at('/moved')[0];
        assert.equal(moved.method, 'GET');
        assert.equal(moved.form.from, 'say');
        assert.equal(moved.form.CallStatus, 'in-progress');
    });
    await step('gather', async () => {
        const report = await sim.report(await call('/gather', { name: 'presses', steps: [{ pause: '500ms' }, { dtmf: '42' }, { wait_for: 'hangup' }] }));
        assert.equal((await form('/pressed')).Digits, '42');
        assert.deepEqual(said(report), ['Press two keys.', 'Thank you.']);
        const silent = await sim.report(await call('/gather', { name: 'silent', steps: [{ wait_for: 'hangup' }] }));
        assert.deepEqual(said(silent), ['Press two keys.', 'Nothing was pressed.']);
        const empty = await call('/gather-empty');
        await sim.report(empty);
        assert.equal((await form('/pressed-nothing', empty)).Digits, '');
    });
    await step('record', async () => {
        const sid = await call('/record', { name: 'talks', steps: [{ pause: '800ms' }, { say: 'please call me back' }, { wait_for: 'hangup' }] });
        const done = await form('/recorded', sid);
        assert.match(done.RecordingSid, /^RE/);
        const stored = await form('/stored');
        assert.deepEqual([stored.RecordingSid, stored.RecordingStatus, stored.RecordingSource, stored.CallSid], [done.RecordingSid, 'completed', 'RecordVerb', sid]);
        assert.equal((await client.recordings(done.RecordingSid).fetch()).callSid, sid);
    });
    await step('dial', async () => {
        const sid = await call('/dial', { name: 'caller', steps: [{ pause: '5s' }] });
        const whisper = await form('/whisper');
        assert.deepEqual([whisper.ParentCallSid, whisper.Direction, whisper.To], [sid, 'outbound-dial', ann]);
        await until(() => app.at('/leg').length === 4, "the leg's callbacks");
        const done = await form('/dialled', sid);
        assert.equal(done.DialCallSid, whisper.CallSid);
        const [child] = await client.calls.list({ parentCallSid: sid });
        assert.deepEqual([child.sid, child.direction], [whisper.CallSid, 'outbound-dial']);
        const refusing = await call('/dial-busy');
        assert.equal((await form('/dialled', refusing)).DialCallStatus, 'busy');
    });
    await step('conference', async () => {
        const first = await call('/conference', { name: 'first', steps: [{ pause: '60s' }] });
        await call('/conference', { name: 'second', steps: [{ pause: '3s' }] });
        await until(() => app.at('/room').some((one) => one.form.StatusCallbackEvent === 'conference-end'), 'the end of the conference');
        const events = app.at('/room').map((one) => one.form).sort((a, b) => a.SequenceNumber - b.SequenceNumber).map((one) => one.StatusCallbackEvent);
        assert.equal(events.filter((one) => one === 'participant-join').length, 2);
        assert.ok(events.includes('conference-start'));
        assert.equal((await sim.report(first)).status, 'completed');
    });
    await step('start and stop', async () => {
        await sim.report(await call('/start'));
        await until(() => app.at('/words').some((one) => one.form.TranscriptionEvent === 'transcription-stopped'), 'the words');
        const content = app.at('/words').filter((one) => one.form.TranscriptionEvent === 'transcription-content').map((one) => JSON.parse(one.form.TranscriptionData).transcript);
        assert.deepEqual(content, ['These words are written down.']);
    });
    await step('reject', async () => assert.notEqual((await sim.report(await call('/reject'))).status, 'completed'));
    return line(7);
});
