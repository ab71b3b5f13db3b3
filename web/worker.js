// The engine in a thread of its own, so that the page never waits for it. Takes {id, call, values},
// answers {id, result} or {id, error}.
importScripts('engine.js');

const opening = openEngine();
let engine;

const text = (pointer) => (pointer === 0 ? null : engine.UTF8ToString(pointer));
const json = (pointer) => JSON.parse(text(pointer));

function give(bytes) {
  const place = engine._coco_mcu_input(bytes.length);
  engine.HEAPU8.set(bytes, place);
}

const calls = {
  open({file}) {
    give(file);
    const refusal = text(engine._coco_mcu_open_model());
    if (refusal !== null) throw new Error(refusal);
    return json(engine._coco_mcu_describe());
  },

  decide({rgba, height, width, wantsEvidence}) {
    give(rgba);
    const begin = performance.now();
    const probability = engine._coco_mcu_decide(height, width);
    const milliseconds = performance.now() - begin;
    const evidence = wantsEvidence ? json(engine._coco_mcu_evidence()) : null;
    return {probability, milliseconds, evidence};
  },

  heatColours() {
    const place = engine._coco_mcu_heat_colours();
    return engine.HEAPU8.slice(place, place + 3 * 256);
  },

  front: () => json(engine._coco_mcu_front()),
  within: ({budget}) => engine._coco_mcu_within(budget),
  memoryMap: ({index}) => text(engine._coco_mcu_memory_map(index)),

  plannedFile({index}) {
    const place = engine._coco_mcu_planned_file(index);
    const length = new DataView(engine.HEAPU8.buffer).getUint32(place, true);
    return engine.HEAPU8.slice(place + 4, place + 4 + length);
  },
};

onmessage = async ({data: {id, call, values}}) => {
  try {
    engine ??= await opening;
    postMessage({id, result: calls[call](values)});
  } catch (error) {
    postMessage({id, error: error.message});
  }
};
