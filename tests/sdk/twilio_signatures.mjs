// 10,000 requests as they may come, signed by the official SDK and judged by ours: empty values, repeated names, pluses, escapes in either case, UTF-8, a thousand
// parameters; and each of a tenth of them once more with one thing changed. The same seed every time.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { prove, twilio } from './_twilio.mjs';

let state = 20261121;
const random = (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 4294967296) * below);
};
const alphabets = ['abcXYZ019', ' +%&=#?/', 'äßéñ日本語🎉', '%2B%20', '\r\n\t', "!*'()~-._"];
const text = (most) => Array.from({ length: random(most + 1) }, () => { const all = [...alphabets[random(alphabets.length)]]; return all[random(all.length)]; }).join('');
// As senders write them: blanks as + or %20, escapes in upper or lower case.
const escaped = (value) => {
    let out = encodeURIComponent(value);
    if (random(2) === 0) out = out.replace(/%20/g, '+');
    if (random(2) === 0) out = out.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
    return out;
};

await prove('twilio_signatures', async () => {
    const rows = [], expected = [];
    for (let i = 0; i < 10_000; ++i) {
        const params = {};
        const count = i % 2500 === 7 ? 1000 : random(12);
        for (let n = 0; n < count; ++n) {
            const name = `${'ABCabc_'[random(7)]}${text(6)}${n}`;
            params[name] = random(6) === 0 ? [text(8), text(8)] : random(5) === 0 ? '' : text(20);
        }
        const token = `token${random(1e9)}`;
        const url = `https://gw.example.com${random(3) === 0 ? ':8443' : ''}/webhooks/twilio/voice${random(2) === 0 ? `?a=${random(100)}&b=x%20y` : ''}`;
        const signature = twilio.getExpectedTwilioSignature(token, url, params);
        const pairs = Object.entries(params).flatMap(([name, value]) => [].concat(value).map((one) => `${escaped(name)}=${escaped(one)}`));
        // The order on the wire is no matter.
        for (let n = pairs.length - 1; n > 0; --n) { const at = random(n + 1); [pairs[n], pairs[at]] = [pairs[at], pairs[n]]; }
        rows.push({ token, url, body: pairs.join('&'), signature });
        expected.push('valid');
        if (i % 10 === 0) {
            rows.push({ token, url, body: `${pairs.join('&')}${pairs.length ? '&' : ''}Forged=1`, signature });
            expected.push('mismatch');
        }
    }
    const out = execFileSync(process.env.PARLEY_SIGNATURE_CHECK, { input: rows.map((row) => JSON.stringify(row)).join('\n') + '\n', maxBuffer: 1 << 26 }).toString().trim().split('\n');
    assert.equal(out.length, rows.length);
    let wrong = 0;
    out.forEach((verdict, i) => {
        if (verdict === expected[i]) return;
        if (wrong++ < 3) console.error(`row ${i}: ${verdict}, not ${expected[i]}: ${JSON.stringify(rows[i]).slice(0, 400)}`);
    });
    assert.equal(wrong, 0);
    return `${rows.length - 1000} signed requests hold, 1000 changed ones do not`;
});
