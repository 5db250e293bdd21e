// Runs inside the browser: three SIP libraries behind one interface, window.phone.
import * as SIP021 from 'sip.js-0.21';
import JsSIP from 'jssip';

// A browser's processing of speech would take a steady tone for noise.
const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
const constraints = { audio, video: false };
const notes = [];
const note = (...words) => notes.push(words.filter((w) => w !== undefined && w !== '').join(' '));
let config, current, incoming, actions;

// --- SIP.js 0.13.8, the library of the browser dialer ---
function sip013() {
  const { UA } = window.SIP;
  const ua = new UA({
    uri: `${config.user}@${config.domain}`, authorizationUser: config.user, password: config.secret, register: true,
    transportOptions: { wsServers: [config.server] }, log: { level: 'error' },
    sessionDescriptionHandlerFactoryOptions: { peerConnectionOptions: { iceCheckingTimeout: 2000, rtcConfiguration: config.rtc } },
  });
  const options = { sessionDescriptionHandlerOptions: { constraints } };
  const watch = (session) => {
    current = session;
    session.on('progress', (r) => note('progress', r?.statusCode));
    session.on('accepted', () => note('accepted'));
    session.on('failed', (_, cause) => note('failed', cause));
    session.on('terminated', () => note('ended'));
    session.on('dtmf', (_, d) => note('dtmf', d?.tone));
    session.on('referRequested', () => note('refer'));
    session.on('reinvite', () => note('reinvite'));
  };
  ua.on('registered', () => note('registered'));
  ua.on('registrationFailed', () => note('refused'));
  ua.on('invite', (session) => { incoming = session; watch(session); note('incoming', session.remoteIdentity.uri.user); });
  return {
    call: (to, extraHeaders = []) => watch(ua.invite(to, { ...options, extraHeaders })),
    answer: () => incoming.accept(options),
    reject: () => incoming.reject(),
    cancel: () => current.terminate(),
    hold: () => current.hold(), resume: () => current.unhold(),
    dtmf: (digit) => current.dtmf(digit),
    info: (type, body) => current.sendRequest('INFO', { body: { body, contentType: type } }),
    refer: (to) => current.refer(to),
    end: () => current.terminate(),
    connection: () => current.sessionDescriptionHandler.peerConnection,
  };
}

// --- SIP.js 0.21 ---
function sip021() {
  const { UserAgent, Registerer, RegistererState, Inviter, SessionState, Web } = SIP021;
  const options = { constraints, iceGatheringTimeout: 2000 };
  const watch = (session) => {
    let established = false;
    current = session;
    session.stateChange.addListener((state) => {
      if (state === SessionState.Established) note('accepted');
      if (state === SessionState.Terminated) note('ended');
      if (state === SessionState.Terminated && !established) note('failed');
      established ||= state === SessionState.Established;
    });
    session.delegate = {
      onInfo: (info) => { note('dtmf', /Signal=\s*(\S)/.exec(info.request.body)?.[1]); info.accept(); },
      onBye: (bye) => bye.accept(),
      onInvite: () => note('reinvite'),
      onRefer: async (referral) => { note('refer'); await referral.accept(); const next = referral.makeInviter(); watch(next); await next.invite(); },
    };
  };
  const ua = new UserAgent({
    uri: UserAgent.makeURI(`sip:${config.user}@${config.domain}`), authorizationUsername: config.user, authorizationPassword: config.secret,
    transportOptions: { server: config.server }, logLevel: 'error',
    sessionDescriptionHandlerFactoryOptions: { peerConnectionConfiguration: config.rtc, iceGatheringTimeout: 2000 },
    delegate: { onInvite: (session) => { incoming = session; watch(session); note('incoming', session.remoteIdentity.uri.user); } },
  });
  ua.start().then(() => {
    const registerer = new Registerer(ua);
    registerer.stateChange.addListener((state) => note(state === RegistererState.Registered ? 'registered' : 'unregistered'));
    return registerer.register({ requestDelegate: { onReject: () => note('refused') } });
  }).catch((e) => note('transport', e.message));
  // Done when the answer is there: another one before that would be refused.
  const reinvite = (hold) => new Promise((done, failed) => {
    current.invite({
      requestDelegate: { onAccept: done, onReject: () => failed(new Error('re-INVITE refused')) },
      sessionDescriptionHandlerOptions: { ...options, hold }, sessionDescriptionHandlerModifiers: hold ? [Web.holdModifier] : [],
    }).catch(failed);
  });
  const info = (contentType, content) => current.info({ requestOptions: { body: { contentDisposition: 'render', contentType, content } } });
  return {
    call: (to) => { watch(new Inviter(ua, UserAgent.makeURI(to), { sessionDescriptionHandlerOptions: options })); return current.invite(); },
    answer: () => incoming.accept({ sessionDescriptionHandlerOptions: options }),
    reject: () => incoming.reject(),
    cancel: () => current.cancel(),
    hold: () => reinvite(true), resume: () => reinvite(false),
    dtmf: (digit) => info('application/dtmf-relay', `Signal=${digit}\r\nDuration=160`),
    info,
    refer: (to) => current.refer(UserAgent.makeURI(to)),
    end: () => (current.state === SessionState.Established ? current.bye() : current.cancel?.() ?? current.reject()),
    connection: () => current.sessionDescriptionHandler.peerConnection,
  };
}

// --- JsSIP ---
function jssip() {
  const ua = new JsSIP.UA({
    sockets: [new JsSIP.WebSocketInterface(config.server)], uri: `sip:${config.user}@${config.domain}`, password: config.secret, session_timers: false,
  });
  const options = { mediaConstraints: constraints, pcConfig: config.rtc };
  const watch = (session) => {
    current = session;
    session.on('progress', () => note('progress'));
    session.on('accepted', () => note('accepted'));
    session.on('failed', (e) => note('failed', e.cause));
    session.on('failed', () => note('ended'));
    session.on('ended', () => note('ended'));
    session.on('hold', (e) => note('hold', e.originator));
    session.on('newDTMF', (e) => e.originator === 'remote' && note('dtmf', e.dtmf.tone));
    session.on('refer', (e) => { note('refer'); e.accept((next) => watch(next), options); });
    session.on('replaces', (e) => e.accept((next) => next.answer(options)));
    // It would wait for the end of gathering, which a lost server delays for long.
    let timer;
    session.on('icecandidate', (e) => { clearTimeout(timer); timer = setTimeout(e.ready, 300); });
  };
  ua.on('registered', () => note('registered'));
  ua.on('registrationFailed', () => note('refused'));
  ua.on('disconnected', () => note('disconnected'));
  ua.on('newRTCSession', ({ session, originator }) => {
    watch(session);
    if (originator === 'remote') { incoming = session; note('incoming', session.remote_identity.uri.user); }
  });
  ua.start();
  return {
    call: (to, extraHeaders = []) => { ua.call(to, { ...options, extraHeaders }); },
    answer: () => incoming.answer(options),
    reject: () => incoming.terminate(),
    cancel: () => current.terminate(),
    hold: () => current.hold(), resume: () => current.unhold(),
    dtmf: (digit) => current.sendDTMF(digit, { transportType: 'INFO' }),
    info: (type, body) => current.sendInfo(type, body),
    refer: (to) => current.refer(to),
    end: () => current.terminate(),
    connection: () => current.connection,
  };
}

// What is heard: the strongest frequency, and the level in dBFS of the loudest tenth of
// a second. The stream must also play, or the browser does not decode it.
async function listen(ms) {
  const tracks = actions.connection().getReceivers().map((r) => r.track).filter((t) => t?.kind === 'audio');
  const stream = new MediaStream(tracks);
  const element = document.querySelector('audio');
  element.srcObject = stream;
  // It waits for ever for a stream that has no track yet.
  await Promise.race([element.play().catch((e) => note('play', e.message)), new Promise((done) => { setTimeout(done, 3000); })]);
  const context = new AudioContext();
  await context.resume();
  const meter = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0 });
  context.createMediaStreamSource(stream).connect(meter);
  const samples = new Float32Array(4096), bins = new Float32Array(meter.frequencyBinCount);
  await new Promise((done) => { setTimeout(done, 250); }); // the meter's window fills
  let power = 0;
  for (const end = performance.now() + ms; performance.now() < end;) {
    meter.getFloatTimeDomainData(samples);
    power = Math.max(power, samples.reduce((sum, v) => sum + v * v, 0) / samples.length);
    await new Promise((done) => { setTimeout(done, 80); });
  }
  meter.getFloatFrequencyData(bins);
  const hz = Math.round(bins.indexOf(Math.max(...bins)) * context.sampleRate / meter.fftSize);
  await context.close();
  return { hz, dbfs: Math.round(10 * Math.log10(power + 1e-12)) };
}

async function stats() {
  const all = new Map(), out = {};
  (await actions.connection().getStats()).forEach((s) => all.set(s.id, s));
  for (const s of all.values()) {
    if (s.type === 'inbound-rtp') Object.assign(out, { packets: s.packetsReceived, lost: s.packetsLost, codec: all.get(s.codecId)?.mimeType });
    if (s.type === 'transport') Object.assign(out, { dtls: s.dtlsState, srtp: s.srtpCipher });
    if (s.type === 'candidate-pair' && s.nominated && s.state === 'succeeded') {
      const local = all.get(s.localCandidateId);
      Object.assign(out, { path: local.candidateType, relay: local.relayProtocol });
    }
  }
  return out;
}

window.phone = {
  notes, listen, stats,
  start(c) { config = c; actions = { sip013, sip021, jssip }[c.lib](); },
  async do(what, ...args) { await actions[what](...args); },
  remote: () => actions.connection().remoteDescription?.sdp,
};
