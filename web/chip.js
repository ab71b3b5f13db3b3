// What a board would need for the plan in use. Instructions are not computed here: they were counted
// in the simulator when the page was built, for each plan of the page's own model.
import {bytes, millions, thousands} from './format.js';

const sum = (parts) => Object.values(parts).reduce((a, b) => a + b, 0);
const byId = (id) => document.getElementById(id);

export class Chip {
  #plans;

  /** `figures`: figures.json. */
  constructor(figures) {
    this.#plans = new Map(figures.plans.map((plan) => [plan.peak_ram_bytes, plan.boards]));
  }

  /** `model`: what the engine says of it; `isOwn`: whether it is the one that was counted. */
  show(model, isOwn) {
    byId('ram').textContent = bytes(model.peak_ram_bytes);
    byId('model-bytes').textContent = bytes(model.model_bytes);
    byId('macs').textContent = millions(model.macs);
    const boards = (isOwn && this.#plans.get(model.peak_ram_bytes)) || [];
    byId('boards').replaceChildren(...boards.map((figures) => this.#row(figures)));
    byId('boards').parentElement.hidden = boards.length === 0;
    byId('boards-note').textContent = boards.length === 0 ?
        'Instructions were not counted for this model: coco-mcu simulate counts them.' :
        'RAM with stack and variables, flash with the code.';
  }

  #row({processor, instructions, ram_bytes: ram, flash_bytes: flash}) {
    const row = document.createElement('tr');
    const name = document.createElement('th');
    name.scope = 'row';
    name.textContent = processor.replaceAll(/\b[a-z]/g, (letter) => letter.toUpperCase());
    row.append(name);
    for (const text of [millions(instructions), thousands(sum(ram)), thousands(sum(flash))]) {
      row.insertCell().textContent = text;
    }
    return row;
  }
}
