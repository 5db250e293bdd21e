#include "shim.h"

#include <algorithm>
#include <memory>
#include <new>

#include <webrtc/modules/audio_processing/include/audio_processing.h>

using webrtc::AudioProcessing;

struct apm {
	std::unique_ptr<AudioProcessing> p;
	webrtc::StreamConfig stream;
	int length;
	float mic[480], far_end[480];
};

static int configure(AudioProcessing *p, const apm_config *c) {
	int bad = 0;
	if (c->suppression >= 0) {
		auto *e = p->echo_cancellation();
		bad |= e->enable_drift_compensation(false);
		bad |= e->set_suppression_level(static_cast<webrtc::EchoCancellation::SuppressionLevel>(c->suppression));
		bad |= e->Enable(true);
	}
	if (c->noise >= 0) {
		auto *n = p->noise_suppression();
		bad |= n->set_level(static_cast<webrtc::NoiseSuppression::Level>(c->noise));
		bad |= n->Enable(true);
	}
	if (c->gain_control > 0) {
		auto *g = p->gain_control();
		bad |= g->set_mode(webrtc::GainControl::kAdaptiveDigital);
		bad |= g->set_target_level_dbfs(c->gain_control);
		bad |= g->set_compression_gain_db(9);
		bad |= g->enable_limiter(true);
		bad |= g->Enable(true);
	}
	bad |= p->high_pass_filter()->Enable(c->high_pass != 0);
	return bad;
}

struct apm *apm_new(const struct apm_config *c) {
	std::unique_ptr<apm> a(new (std::nothrow) apm);
	if (!a || c->rate > 48000) return nullptr;
	webrtc::Config cfg;
	cfg.Set<webrtc::ExtendedFilter>(new webrtc::ExtendedFilter(c->extended_filter != 0));
	cfg.Set<webrtc::DelayAgnostic>(new webrtc::DelayAgnostic(c->delay_agnostic != 0));
	a->p.reset(AudioProcessing::Create(cfg));
	if (!a->p) return nullptr;
	a->stream = webrtc::StreamConfig(c->rate, 1);
	a->length = c->rate / 100;
	webrtc::ProcessingConfig formats = {{a->stream, a->stream, a->stream, a->stream}};
	if (a->p->Initialize(formats) != AudioProcessing::kNoError) return nullptr;
	if (configure(a->p.get(), c) != AudioProcessing::kNoError) return nullptr;
	return a.release();
}

static void widen(float *dst, const int16_t *src, int n) {
	for (int i = 0; i < n; i++) dst[i] = src[i] / 32768.0f;
}

int apm_process(struct apm *a, int16_t *mic, const int16_t *far_end, int delay_ms) {
	float *channel = a->far_end;
	widen(a->far_end, far_end, a->length);
	int err = a->p->ProcessReverseStream(&channel, a->stream, a->stream, &channel);
	if (err != AudioProcessing::kNoError) return err;
	widen(a->mic, mic, a->length);
	err = a->p->set_stream_delay_ms(delay_ms);
	if (err != AudioProcessing::kNoError && err != AudioProcessing::kBadStreamParameterWarning) return err;
	channel = a->mic;
	err = a->p->ProcessStream(&channel, a->stream, a->stream, &channel);
	if (err != AudioProcessing::kNoError) return err;
	for (int i = 0; i < a->length; i++) {
		float v = a->mic[i] * 32768.0f;
		mic[i] = static_cast<int16_t>(std::max(-32768.0f, std::min(32767.0f, v)));
	}
	return 0;
}

int apm_set_suppression(struct apm *a, int level) {
	return a->p->echo_cancellation()->set_suppression_level(static_cast<webrtc::EchoCancellation::SuppressionLevel>(level));
}

void apm_free(struct apm *a) { delete a; }
