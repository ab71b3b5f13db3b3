// The page: pictures go in, decisions come out.
import {Camera} from './camera.js';
import {Chip} from './chip.js';
import {EngineClient} from './engine_client.js';
import {drawEvidence, drawScale} from './evidence.js';
import {percent} from './format.js';
import {decode, pixelsOf} from './picture.js';
import {PlanPanel} from './plan_panel.js';

const OWN_MODEL = 'person.cmcu';
const ONE = 32768;  // a probability of 1
const SAMPLES = [
  {file: 'astronaut.jpg', shows: 'an astronaut'},
  {file: 'camera.jpg', shows: 'a man behind a camera'},
  {file: 'coffee.jpg', shows: 'a cup of coffee'},
];

const byId = (id) => document.getElementById(id);
const decider = new EngineClient();
const camera = new Camera();
const planPanel = new PlanPanel(usePlan);
let chip;
let colours;
let model;        // what the engine says of the open one
let modelName = OWN_MODEL;
let decisions = 0;
let lastPixels = null;
let lastEvidence = null;

function notice(text) {
  byId('notice').textContent = text;
  byId('notice').hidden = text === '';
}

function announce(text) {
  if (byId('announcement').textContent !== text) byId('announcement').textContent = text;
}

function showDecision({probability, milliseconds}) {
  const isPerson = probability >= model.threshold;
  const label = isPerson ? model.label : `no ${model.label}`;
  const share = probability / ONE;
  const verdict = document.querySelector('.verdict');
  verdict.dataset.person = isPerson ? 'yes' : 'no';
  verdict.dataset.probability = probability;
  verdict.dataset.decisions = ++decisions;
  byId('label').textContent = label;
  byId('probability').textContent = percent(share);
  byId('probability').title = `${probability} of ${ONE}`;
  byId('bar').style.width = `${100 * share}%`;
  byId('time').textContent = `${milliseconds.toFixed(1)} ms for this decision, resizing included`;
  announce(camera.isOn ? label : `${label}, ${percent(share)}`);
}

function showEvidence() {
  byId('evidence').hidden = !byId('show-evidence').checked;
  if (lastEvidence === null || byId('evidence').hidden) return;
  drawEvidence(byId('evidence'), lastPixels, lastEvidence, colours);
  byId('places').textContent = `${lastEvidence.rows} x ${lastEvidence.columns}`;
}

async function decide(pixels) {
  lastPixels = pixels;
  const decision = await decider.call('decide', {...pixels, wantsEvidence: true});
  if (pixels !== lastPixels) return;  // a later picture is on its way
  lastEvidence = decision.evidence;
  showDecision(decision);
  showEvidence();
}

async function decideOnFile(file, name) {
  camera.stop();
  let bitmap;
  try {
    bitmap = await decode(file);
  } catch {
    notice(`${name}: the browser cannot read it as a picture; choose a JPEG or PNG file.`);
    return;
  }
  notice('');
  const pixels = pixelsOf(byId('picture'), bitmap, bitmap.width, bitmap.height);
  bitmap.close();
  byId('picture').setAttribute('aria-label', `Picture: ${name}`);
  await decide(pixels);
}

function showCamera() {
  byId('camera').setAttribute('aria-pressed', camera.isOn);
  byId('camera').textContent = camera.isOn ? 'Stop the camera' : 'Use the camera';
}

async function toggleCamera() {
  if (camera.isOn) {
    camera.stop();
  } else {
    try {
      await camera.start();
      notice('');
    } catch (error) {
      camera.stop();
      notice(error.message);
    }
  }
  showCamera();
  if (!camera.isOn) return;
  byId('picture').setAttribute('aria-label', 'Camera');
  await camera.run((video, width, height) => decide(pixelsOf(byId('picture'), video, width, height)));
  showCamera();
}

/** The decider goes on with this file. */
async function use(file) {
  model = await decider.call('open', {file});
  chip.show(model, modelName === OWN_MODEL);
  const verdict = document.querySelector('.verdict');
  verdict.style.setProperty('--threshold', `${100 * model.threshold / ONE}%`);
  byId('model-name').textContent =
      `${modelName}: ${model.network}, ${model.input_width} x ${model.input_height} pixels`;
  if (lastPixels !== null && !camera.isOn) await decide(lastPixels);
}

async function usePlan(file) {
  await use(file);
  const link = byId('download');
  if (link.href) URL.revokeObjectURL(link.href);
  link.href = URL.createObjectURL(new Blob([file], {type: 'application/octet-stream'}));
  link.download = modelName;
  link.hidden = false;
}

async function openModel(file) {
  const content = new Uint8Array(await file.arrayBuffer());
  const before = modelName;
  modelName = file.name;
  try {
    await use(content);
  } catch (error) {
    modelName = before;
    notice(`${file.name}: ${error.message}; the model before stays open.`);
    return;
  }
  notice('');
  byId('download').hidden = true;
  await planPanel.open(content).catch((error) => notice(`${file.name}: cannot be planned: ${error.message}`));
}

function addSamples() {
  for (const {file, shows} of SAMPLES) {
    const button = document.createElement('button');
    const image = new Image();
    image.src = `samples/${file}`;
    image.alt = `Sample: ${shows}`;
    button.type = 'button';
    button.append(image);
    button.addEventListener('click', () => decideOnSample(file));
    byId('samples').append(button);
  }
}

async function decideOnSample(file) {
  await decideOnFile(await (await fetch(`samples/${file}`)).blob(), file);
}

function listen() {
  const stage = byId('stage');
  const openFirst = (files) => files.length > 0 && decideOnFile(files[0], files[0].name);
  byId('file').addEventListener('change', ({target}) => {
    openFirst(target.files);
    target.value = '';  // so that the same file may be chosen again
  });
  byId('model').addEventListener('change', ({target}) => {
    if (target.files.length > 0) openModel(target.files[0]);
  });
  byId('camera').addEventListener('click', toggleCamera);
  byId('show-evidence').addEventListener('change', showEvidence);
  addEventListener('paste', ({clipboardData}) => openFirst(clipboardData.files));
  addEventListener('dragover', (event) => {
    event.preventDefault();
    stage.classList.add('dragged');
  });
  addEventListener('dragleave', () => stage.classList.remove('dragged'));
  addEventListener('drop', (event) => {
    event.preventDefault();
    stage.classList.remove('dragged');
    openFirst(event.dataTransfer.files);
  });
}

async function keepOffline() {
  if (!('serviceWorker' in navigator)) return;
  await navigator.serviceWorker.register('service_worker.js');
  await navigator.serviceWorker.ready;
  byId('offline').textContent = 'Everything is here: the page works without a network from now on.';
}

async function start() {
  const fetched = await Promise.all([fetch(OWN_MODEL), fetch('figures.json')]);
  const file = new Uint8Array(await fetched[0].arrayBuffer());
  chip = new Chip(await fetched[1].json());
  colours = await decider.call('heatColours');
  drawScale(byId('scale'), colours);
  await use(file);
  listen();
  addSamples();
  await decideOnSample(SAMPLES[0].file);
  await planPanel.open(file);
}

start().catch((error) => notice(
    `The engine cannot run here (${error.message}); a browser with WebAssembly SIMD is needed.`));
keepOffline().catch(() => {});  // then the page needs its server
