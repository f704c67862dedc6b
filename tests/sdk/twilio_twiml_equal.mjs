// Every document our builder makes is the official SDK's: each verb and noun with each of its attributes, one case a line of `parley_twiml_dump`. What only one
// of the two knows is listed here; anything else is a failure, as is an attribute of the SDK's types that no case carries.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { prove, twilio } from './_twilio.mjs';

const { VoiceResponse, MessagingResponse } = twilio.twiml;
const u = 'https://gw.example.com/a?b=1&c=2';

// Documented by the vendor, but not in the types of this version of the SDK: taken away from our side before comparing.
const onlyOurs = {
    Record: ['recordingConfigurationId'],
    Dial: ['callReason', 'recordingConfigurationId', 'passports'],
    Number: ['phoneNumberSid'],
    Conference: ['recordingConfigurationId'],
    ConversationRelay: ['speechTimeout', 'eotThreshold', 'ignoreBackchannel', 'deepgramSmartFormat', 'backgroundNoiseReduction', 'events', 'conversationConfiguration', 'applicationReconnect', 'turnDetection', 'echoPromptFiltering'],
    Stream: ['audioFormat', 'sampleRate'],
    Transcription: ['enableProviderData', 'conversationConfiguration', 'conversationId'],
    Recording: ['recordingConfigurationId'],
};
// In the SDK's types, but not ours: the assistant is a preview of the vendor's, named here so that nobody thinks it was forgotten.
const onlyTheirs = { Assistant: '*' };
// Cases whose element the SDK does not have, or has without these children; they are checked for the words given here instead.
const ownCases = { hangup_parameter: '<Hangup><Parameter name="why" value="done"/></Hangup>', reject_parameter: '<Reject><Parameter name="why" value="spam"/></Reject>' };

const progress = { statusCallback: u, statusCallbackEvent: 'initiated ringing answered completed', statusCallbackMethod: 'POST' };
const recorded = { recordingStatusCallback: u, recordingStatusCallbackMethod: 'GET', recordingStatusCallbackEvent: 'in-progress completed absent' };
const machines = { machineDetection: 'DetectMessageEnd', machineDetectionTimeout: 20, machineDetectionSpeechThreshold: 2000, machineDetectionSpeechEndThreshold: 1000, machineDetectionSilenceTimeout: 4000, amdStatusCallback: u, amdStatusCallbackMethod: 'POST' };
const sid = (prefix) => `${prefix}0123456789abcdef0123456789abcdef`;
const queue = { url: u, method: 'POST', reservationSid: sid('WR'), postWorkActivitySid: sid('WA') };
const parameters = (noun, list) => list.forEach(([name, value]) => noun.parameter({ name, value }));
const both = [['t', 'a & b'], ['u', '<c>']];

const cases = {
    say: (r) => r.say({ voice: 'Polly.Joanna-Neural', language: 'en-US', loop: 2 }, 'Fish & chips <now> "hot" für dich'),
    say_ssml: (r) => {
        const say = r.say({ voice: 'Polly.Joanna' }, 'Hello ');
        say.break({ strength: 'strong', time: '500ms' });
        say.emphasis({ level: 'strong' }, 'you');
        say.lang({ 'xml:lang': 'fr-FR' }, 'bonjour');
        say.p('a paragraph');
        say.s('a sentence');
        say.phoneme({ alphabet: 'ipa', ph: 'pɪˈkɑːn' }, 'pecan');
        say.prosody({ volume: 'loud', rate: 'slow', pitch: '+10%' }, 'loudly');
        say.sayAs({ 'interpret-as': 'date', format: 'mdy' }, '01022026');
        say.sub({ alias: 'World Wide Web Consortium' }, 'W3C');
        say.w({ role: 'amazon:VB' }, 'read');
    },
    play: (r) => r.play({ loop: 3 }, 'https://gw.example.com/a.mp3'),
    play_digits: (r) => r.play({ digits: '12w34#' }),
    pause: (r) => r.pause({ length: 4 }),
    gather: (r) => {
        const gather = r.gather({ action: u, method: 'GET', input: 'dtmf speech', timeout: 4, finishOnKey: '*', numDigits: 5, speechTimeout: 'auto', maxSpeechTime: 20, language: 'en-GB', hints: 'yes, no, $OOV_CLASS_DIGIT_SEQUENCE',
            speechModel: 'phone_call', enhanced: true, profanityFilter: false, actionOnEmptyResult: true, partialResultCallback: u, partialResultCallbackMethod: 'POST', bargeIn: true, debug: false });
        gather.say('Say or press something.');
        gather.play('https://gw.example.com/b.wav');
        gather.pause({ length: 1 });
    },
    record: (r) => r.record({ action: u, method: 'POST', timeout: 7, finishOnKey: '#', maxLength: 60, playBeep: false, trim: 'do-not-trim', ...recorded, transcribe: true, transcribeCallback: u }),
    dial: (r) => r.dial({ action: u, method: 'POST', timeout: 20, timeLimit: 600, callerId: '+18005551212', answerOnBridge: true, hangupOnStar: false, record: 'record-from-answer-dual', recordingTrack: 'inbound',
        trim: 'trim-silence', ...recorded, ringTone: 'de', sequential: true, referUrl: u, referMethod: 'POST', events: 'call-progress-event' }, '+14155550100'),
    dial_number: (r) => r.dial().number({ sendDigits: 'wW12#', url: u, method: 'GET', ...progress, byoc: sid('BY'), ...machines }, '+14155550100'),
    dial_client: (r) => r.dial().client({ url: u, method: 'POST', ...progress }, 'ann'),
    dial_client_parameters: (r) => { const client = r.dial().client(); client.identity('ann'); parameters(client, [['first', '1 & 2'], ['second', '<b>']]); },
    dial_sip: (r) => r.dial().sip({ url: u, method: 'POST', ...progress, ...machines, username: 'ann', password: 'secret' }, 'sip:ann@pbx.example.com?X-A=1&X-B=2'),
    dial_sip_uris: (r) => {
        const sip = r.dial().sip();
        sip.uri({ priority: 1, weight: 2, username: 'u', password: 'p' }, 'sip:a@pbx.example.com');
        sip.uri('sip:b@pbx.example.com');
        sip.headers().header({ name: 'X-Account', value: '7' });
    },
    dial_conference: (r) => r.dial().conference({ muted: true, startConferenceOnEnter: false, endConferenceOnExit: true, participantLabel: 'boss', jitterBufferSize: 'small', beep: 'onEnter', waitUrl: u, waitMethod: 'GET',
        maxParticipants: 5, record: 'record-from-start', trim: 'do-not-trim', region: 'ie1', coach: sid('CA'), statusCallback: u, statusCallbackEvent: 'start end join leave mute hold modify speaker announcement', statusCallbackMethod: 'POST',
        ...recorded, eventCallbackUrl: u }, 'Room & Co'),
    dial_queue: (r) => r.dial().queue(queue, 'support'),
    dial_sim: (r) => r.dial().sim(sid('DE')),
    dial_application: (r) => r.dial().application({ url: u, method: 'POST', ...progress, customerId: 'c1', copyParentTo: true }, sid('AP')),
    dial_application_parameters: (r) => { const application = r.dial().application(); application.applicationSid(sid('AP')); parameters(application, [['n', 'v']]); },
    dial_whatsapp: (r) => r.dial().whatsApp({ url: u, method: 'POST', ...progress }, '+14155550100'),
    refer: (r) => r.refer({ action: u, method: 'POST' }).sip('sip:ann@pbx.example.com'),
    enqueue: (r) => r.enqueue({ action: u, method: 'POST', waitUrl: u, waitUrlMethod: 'GET', maxQueueSize: 20 }, 'support'),
    enqueue_task: (r) => r.enqueue({ workflowSid: sid('WW') }).task({ priority: 5, timeout: 60 }, '{"skill":"billing & more"}'),
    connect_stream: (r) => parameters(r.connect({ action: u, method: 'POST' }).stream({ url: 'wss://gw.example.com/media', name: 'main', track: 'inbound_track', statusCallback: u, statusCallbackMethod: 'POST' }), both),
    connect_stream_connector: (r) => r.connect().stream({ connectorName: 'my-connector' }),
    connect_conversation_relay: (r) => {
        const relay = r.connect().conversationRelay({ url: 'wss://gw.example.com/relay?a=1&b=2', welcomeGreeting: 'Hello, how can I help?', welcomeGreetingInterruptible: 'speech', language: 'en-US', ttsLanguage: 'en-US',
            transcriptionLanguage: 'en-US', ttsProvider: 'ElevenLabs', voice: 'UgBBYS2sOqTuMpoF3BR0', transcriptionProvider: 'Deepgram', speechModel: 'nova-3-general', interruptible: 'any', interruptSensitivity: 'high',
            dtmfDetection: true, reportInputDuringAgentSpeech: 'none', preemptible: true, hints: 'Parley, Twilio', partialPrompts: true, profanityFilter: false, elevenlabsTextNormalization: 'on', debug: 'debugging speaker-events',
            intelligenceService: sid('GA') });
        relay.language({ code: 'de-DE', ttsProvider: 'Google', voice: 'de-DE-Chirp3-HD-Aoede', transcriptionProvider: 'Google', speechModel: 'telephony' });
        parameters(relay, [['call', '1 & 2']]);
    },
    connect_relay_session: (r) => r.connect().conversationRelaySession({ connector: 'conn', sessionConfiguration: 'conf' }),
    connect_ai_session: (r) => r.connect().aiSession({ aiConnector: 'conn', aiSessionConfiguration: 'conf' }),
    connect_virtual_agent: (r) => {
        const agent = r.connect().virtualAgent({ connectorName: 'agent', language: 'en-US', sentimentAnalysis: true, statusCallback: u, statusCallbackMethod: 'POST' });
        agent.config({ name: 'welcomeIntent', value: 'hello' });
        parameters(agent, [['customer', '7']]);
    },
    connect_room: (r) => r.connect().room({ participantIdentity: 'ann' }, 'daily'),
    connect_conversation: (r) => r.connect().conversation({ serviceInstanceSid: sid('IS'), inboundAutocreation: true, routingAssignmentTimeout: 20, inboundTimeout: 30, url: u, method: 'POST', record: 'record-from-answer', trim: 'trim-silence',
        ...recorded, statusCallback: u, statusCallbackEvent: 'call-initiated call-ringing call-answered call-completed', statusCallbackMethod: 'POST' }),
    connect_autopilot: (r) => r.connect().autopilot(sid('UA')),
    start_stream: (r) => parameters(r.start({ action: u, method: 'POST' }).stream({ url: 'wss://gw.example.com/listen', name: 'copy', track: 'both_tracks', statusCallback: u, statusCallbackMethod: 'GET' }), both),
    start_transcription: (r) => {
        const transcription = r.start().transcription({ name: 'live', statusCallbackUrl: u, statusCallbackMethod: 'POST', track: 'both_tracks', inboundTrackLabel: 'caller', outboundTrackLabel: 'agent', languageCode: 'en-US',
            transcriptionEngine: 'deepgram', speechModel: 'nova-2', partialResults: true, profanityFilter: false, hints: 'Parley', enableAutomaticPunctuation: true, intelligenceService: sid('GA') });
        transcription.config({ name: 'c', value: '1' });
        parameters(transcription, [['p', '2']]);
    },
    start_recording: (r) => r.start().recording({ ...recorded, channels: 'dual', track: 'both', trim: 'do-not-trim' }),
    start_siprec: (r) => parameters(r.start().siprec({ name: 'rec', connectorName: 'conn', track: 'both_tracks', statusCallback: u, statusCallbackMethod: 'POST' }), [['p', '2']]),
    stop_stream: (r) => r.stop().stream({ name: 'copy' }),
    stop_transcription: (r) => r.stop().transcription({ name: 'live' }),
    stop_siprec: (r) => r.stop().siprec({ name: 'rec' }),
    redirect: (r) => r.redirect({ method: 'GET' }, u),
    hangup: (r) => r.hangup(),
    reject: (r) => r.reject({ reason: 'busy' }),
    leave: (r) => r.leave(),
    echo: (r) => r.echo(),
    queue: (r) => r.queue(queue, 'support'),
    sms: (r) => r.sms({ to: '+14155550100', from: '+18005551212', action: u, method: 'POST', statusCallback: u }, 'Hi & bye'),
    pay: (r) => {
        const pay = r.pay({ input: 'dtmf', action: u, paymentConnector: 'Default', paymentMethod: 'credit-card', chargeAmount: '20.45', currency: 'usd', description: 'Two & a half', tokenType: 'reusable', bankAccountType: 'consumer-checking',
            validCardTypes: 'visa mastercard amex', securityCode: true, postalCode: '94105', minPostalCodeLength: 5, timeout: 6, maxAttempts: 2, language: 'en-US', statusCallback: u, statusCallbackMethod: 'POST' });
        const prompt = pay.prompt({ for: 'payment-card-number', errorType: 'timeout invalid-card-number', cardType: 'visa amex', attempt: '1 2', requireMatchingInputs: true });
        prompt.say('Your card number.');
        prompt.play('https://gw.example.com/c.mp3');
        prompt.pause({ length: 2 });
        parameters(pay, [['order', '7']]);
    },
    several_verbs: (r) => { r.say('One moment.'); r.pause(); r.dial('+14155550100'); r.redirect('/after'); r.hangup(); },
    empty: () => undefined,
};
const messages = {
    message: (r) => { const message = r.message({ to: '+14155550100', from: '+18005551212', action: u, method: 'POST', statusCallback: u }); message.body('Look & see'); message.media('https://gw.example.com/a.png'); message.media('https://gw.example.com/b.png?c=1&d=2'); },
    message_text: (r) => { r.message('Hi <there> & bye'); r.message('Second'); },
    message_redirect: (r) => r.redirect({ method: 'POST' }, u),
};

// A small reader of well-formed XML: elements as {name, attributes, children}, texts as strings.
function parse(xml) {
    const entities = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
    const decode = (text) => text.replace(/&(#x?[0-9a-fA-F]+|\w+);/g, (_, name) => (name[0] === '#' ? String.fromCodePoint(name[1] === 'x' ? parseInt(name.slice(2), 16) : Number(name.slice(1))) : entities[name]));
    const root = { name: '', attributes: {}, children: [] };
    const stack = [root];
    for (const [, close, name, attributes, empty, text] of xml.replace(/^<\?xml[^>]*\?>/, '').matchAll(/<(\/?)([\w:-]+)((?:\s+[\w:.-]+="[^"]*")*)\s*(\/?)>|([^<]+)/g)) {
        if (text !== undefined) stack.at(-1).children.push(decode(text));
        else if (close) assert.equal(stack.pop().name, name);
        else {
            const element = { name, attributes: {}, children: [] };
            for (const [, key, value] of attributes.matchAll(/([\w:.-]+)="([^"]*)"/g)) element.attributes[key] = decode(value);
            stack.at(-1).children.push(element);
            if (!empty) stack.push(element);
        }
    }
    assert.equal(stack.length, 1);
    return root.children[0];
}
const canonical = (node) => (typeof node === 'string' ? node : { name: node.name, attributes: Object.fromEntries(Object.entries(node.attributes).sort()), children: node.children.map(canonical) });
const walk = (node, visit) => { if (typeof node !== 'string') { visit(node); node.children.forEach((child) => walk(child, visit)); } };

await prove('twilio_twiml_equal', async () => {
    const ours = new Map(execFileSync(process.env.PARLEY_TWIML_DUMP, { encoding: 'utf8' }).trim().split('\n').map((row) => row.split('\t')));
    const carried = new Map();  // element -> attributes that some case of ours carries
    let same = 0;
    for (const [name, xml] of ours) {
        const mine = parse(xml);
        walk(mine, (node) => {
            const seen = carried.get(node.name) ?? carried.set(node.name, new Set()).get(node.name);
            Object.keys(node.attributes).forEach((key) => seen.add(key));
        });
        if (ownCases[name]) {
            assert.ok(xml.includes(ownCases[name]), `${name}: ${xml}`);
            continue;
        }
        walk(mine, (node) => (onlyOurs[node.name] ?? []).forEach((key) => delete node.attributes[key]));
        const build = cases[name] ?? messages[name];
        assert.ok(build, `no case of the SDK's for ${name}`);
        const theirs = cases[name] ? new VoiceResponse() : new MessagingResponse();
        build(theirs);
        assert.deepEqual(canonical(mine), canonical(parse(theirs.toString())), `${name}: ours ${xml}\nthe SDK's ${theirs.toString()}`);
        same += 1;
    }
    for (const name of [...Object.keys(cases), ...Object.keys(messages)]) assert.ok(ours.has(name), `${name} is not in our dump`);

    // The SDK's types: every attribute must be in one of our documents, and what is listed as ours alone must not be there.
    const elements = { Sip: 'Sip', SipUri: 'Uri', SsmlBreak: 'break', SsmlEmphasis: 'emphasis', SsmlLang: 'lang', SsmlPhoneme: 'phoneme', SsmlProsody: 'prosody', SsmlSayAs: 'say-as', SsmlSub: 'sub', SsmlW: 'w' };
    let attributes = 0;
    for (const file of ['VoiceResponse', 'MessagingResponse']) {
        const types = readFileSync(new URL(`node_modules/twilio/lib/twiml/${file}.d.ts`, import.meta.url), 'utf8');
        for (const [, type, body] of types.matchAll(/interface (\w+)Attributes(?: extends \w+)? \{([\s\S]*?)\n {4}\}/g)) {
            const element = elements[type] ?? type;
            if (onlyTheirs[element]) continue;
            const named = [...body.matchAll(/^\s+"?([\w:-]+)"?\?:/gm)].map((match) => match[1]);
            assert.ok(carried.has(element), `no case has <${element}>`);
            for (const key of named) {
                assert.ok(carried.get(element).has(key), `no case has ${element} ${key}`);
                attributes += 1;
            }
            for (const key of onlyOurs[element] ?? []) assert.ok(!named.includes(key), `${element} ${key} is in the SDK by now: compare it`);
        }
    }
    for (const [element, keys] of Object.entries(onlyOurs)) keys.forEach((key) => assert.ok(carried.get(element)?.has(key), `no case has ${element} ${key}`));
    const known = Object.values(onlyOurs).flat().length;
    return `${same} of ${ours.size - Object.keys(ownCases).length} documents equal, ${attributes} attributes of the SDK's types carried, ${known} attributes and ${Object.keys(ownCases).length} children only ours, only theirs: ${Object.keys(onlyTheirs).join(' ')}`;
});
