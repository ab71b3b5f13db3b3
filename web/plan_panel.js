// The slider that plans the model anew for the RAM there is, and the drawing of the plan.
import {EngineClient} from './engine_client.js';
import {bytes, percent, thousands} from './format.js';

const KIB = 1024;
const MARGIN = 8;  // KiB that the slider goes beyond the plans

export class PlanPanel {
  #planner = new EngineClient();
  #slider = document.getElementById('budget');
  #front = [];
  #lowerBound = 0;
  #index = -1;
  #onPlan;

  /** `onPlan` is given the model file with the plan that was chosen. */
  constructor(onPlan) {
    this.#onPlan = onPlan;
    this.#slider.addEventListener('input', () => this.#choose());
  }

  /** Searches the plans of a model and begins with the one that its file has. */
  async open(file) {
    this.#slider.disabled = true;
    this.#say('The planner is searching.');
    const model = await this.#planner.call('open', {file});
    this.#lowerBound = model.lower_bound_bytes;
    this.#front = await this.#planner.call('front');
    this.#index = Math.max(0, await this.#planner.call('within', {budget: model.peak_ram_bytes}));
    const plans = this.#front.map((plan) => Math.ceil(plan.peak_ram_bytes / KIB));
    this.#slider.min = Math.min(...plans) - MARGIN;
    this.#slider.max = Math.max(...plans) + MARGIN;
    this.#slider.value = plans[this.#index];
    document.getElementById('plans').replaceChildren(...plans.map((plan) => new Option('', plan)));
    this.#slider.disabled = false;
    await this.#show();
  }

  get budget() {
    return this.#slider.valueAsNumber * KIB;
  }

  async #choose() {
    const budget = this.budget;
    const index = await this.#planner.call('within', {budget});
    if (budget !== this.budget) return;  // the slider has moved on
    const isNew = index >= 0 && index !== this.#index;
    if (isNew) {
      this.#index = index;
      this.#onPlan(await this.#planner.call('plannedFile', {index}));
    }
    await this.#show(index >= 0);
  }

  async #show(isWithin = true) {
    const budget = `${thousands(this.budget / KIB)} KiB`;
    document.getElementById('budget-text').textContent = budget;
    this.#slider.setAttribute('aria-valuetext', budget);
    const plan = this.#front[this.#index];
    const least = this.#front[this.#front.length - 1].peak_ram_bytes;
    this.#say(isWithin ?
        `The plan takes ${bytes(plan.peak_ram_bytes)} and ${thousands(plan.macs)} ` +
            `multiply-accumulates, ${percent(plan.recomputed_macs / plan.macs)} of them a second time. ` +
            `No plan can do with less than ${bytes(this.#lowerBound)}.` :
        `No plan within ${budget} was found; the smallest takes ${bytes(least)}. ` +
            `The plan before stays in use.`);
    const map = document.getElementById('map');
    map.innerHTML = await this.#planner.call('memoryMap', {index: this.#index});
    map.setAttribute('aria-label', `Memory map of the plan: passes from left to right in time, ` +
        `buffers from bottom to top in ${bytes(plan.peak_ram_bytes)}`);
  }

  #say(text) {
    const place = document.getElementById('plan-text');
    if (place.textContent !== text) place.textContent = text;
  }
}
