// The C face of webrtc-audio-processing 0.3. Frames are 10 ms of one channel.
#pragma once
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct apm_config {
	int rate;            // Hz: 8000, 16000, 32000 or 48000
	int suppression;     // of echo: -1 off, 0 low, 1 moderate, 2 high
	int extended_filter; // the longer filter, for delays that wander
	int delay_agnostic;  // looks for the delay by itself
	int noise;           // suppression: -1 off, 0 low … 3 very high
	int gain_control;    // 0 off, else target level below full scale in dB
	int high_pass;
};

struct apm;

// apm_new gives NULL when memory is out or the configuration is refused.
struct apm *apm_new(const struct apm_config *c);
// apm_process changes mic in place; far is what is played at that moment.
int apm_process(struct apm *a, int16_t *mic, const int16_t *far_end, int delay_ms);
// apm_set_suppression changes how hard residual echo is pushed down, 0 to 2, at
// any time between two frames.
int apm_set_suppression(struct apm *a, int level);
void apm_free(struct apm *a);

#ifdef __cplusplus
}
#endif
