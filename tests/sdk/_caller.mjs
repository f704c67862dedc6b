// A caller for the recognition proofs: what he says, in the pieces a line delivers, and what was understood of it.
import { speech } from './_emulator.mjs';

export const world = {
    phrases: ['what are your opening hours', 'book an appointment', 'on tuesday at ten', 'yes'],
    times: { endpointing: '300ms', recognition: '100ms' },
};

// Speech with silence behind it, in pieces of 100 ms.
export async function spoken(vendor, text, format, pauseMs = 800) {
    const width = format.encoding === 'linear16' ? 2 : 1;
    const voice = await speech(vendor, text, format);
    const pause = Buffer.alloc((format.rate * width * pauseMs) / 1000, format.encoding === 'linear16' ? 0 : 0xff);
    const all = Buffer.concat([voice, pause]);
    const step = (format.rate * width) / 10;
    const pieces = [];
    for (let at = 0; at < all.length; at += step) pieces.push(all.subarray(at, Math.min(at + step, all.length)));
    if (pieces.at(-1).length < step) pieces[pieces.length - 1] = Buffer.concat([pieces.at(-1), Buffer.alloc(step - pieces.at(-1).length, format.encoding === 'linear16' ? 0 : 0xff)]);
    return pieces;
}

// Five times as fast as it lasts.
export async function play(pieces, send) {
    for (const piece of pieces) {
        send(piece);
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
}

// Waits for what a handler sees: look() gives something true, or it is too late.
export async function seen(look, what) {
    for (let waited = 0; waited < 20_000; waited += 10) {
        const found = look();
        if (found) return found;
        await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`never seen: ${what}`);
}

export const bare = (text) => text.toLowerCase().replace(/[^a-z0-9 ]/g, '').trim();
