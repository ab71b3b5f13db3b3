// The camera, frame after frame.

const REASONS = {
  NotAllowedError: 'This page may not use the camera; allow it in the browser, or choose a picture.',
  NotFoundError: 'There is no camera here; choose a picture.',
  NotReadableError: 'Another program uses the camera; close it, or choose a picture.',
};

export class Camera {
  #video = document.createElement('video');
  #stream = null;

  get isOn() {
    return this.#stream !== null;
  }

  /** Throws an Error that says why there is no picture. */
  async start() {
    try {
      this.#stream = await navigator.mediaDevices.getUserMedia(
          {video: {facingMode: 'environment', width: {ideal: 640}, height: {ideal: 480}}});
    } catch (error) {
      throw new Error(REASONS[error.name] ?? `The camera cannot be used: ${error.message}.`);
    }
    this.#video.srcObject = this.#stream;
    this.#video.playsInline = true;
    this.#video.muted = true;
    await this.#video.play();
  }

  stop() {
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = null;
    this.#video.srcObject = null;
  }

  /** Hands each frame to `decide`, the next when that is done, until stop(). */
  async run(decide) {
    while (this.isOn) {
      await decide(this.#video, this.#video.videoWidth, this.#video.videoHeight);
      await new Promise(requestAnimationFrame);
    }
  }
}
