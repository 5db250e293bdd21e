package malgodev

/*
#cgo linux LDFLAGS: -ldl
#include <dlfcn.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef void (*alsa_handler)(const char *file, int line, const char *function, int err, const char *fmt, ...);
typedef int (*alsa_set_handler)(alsa_handler);

static pthread_mutex_t last_lock = PTHREAD_MUTEX_INITIALIZER;
static char last_text[256];

static void keep_error(const char *file, int line, const char *function, int err, const char *fmt, ...) {
	char text[sizeof last_text];
	va_list args;
	(void)file; (void)line;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	pthread_mutex_lock(&last_lock);
	if (err)
		snprintf(last_text, sizeof last_text, "%.150s: %.80s", text, strerror(err < 0 ? -err : err));
	else
		snprintf(last_text, sizeof last_text, "%s", text);
	pthread_mutex_unlock(&last_lock);
	(void)function;
}

// catch_alsa_errors finds libasound as miniaudio does, at run time, so that
// the program needs it neither to build nor to start. The library is never
// closed: miniaudio uses it all the time.
static int catch_alsa_errors(void) {
	void *lib = dlopen("libasound.so.2", RTLD_NOW);
	alsa_set_handler set;
	if (!lib)
		return -1;
	set = (alsa_set_handler)dlsym(lib, "snd_lib_error_set_handler");
	return set ? set(keep_error) : -1;
}

static void take_alsa_error(char *to, size_t size) {
	pthread_mutex_lock(&last_lock);
	snprintf(to, size, "%s", last_text);
	last_text[0] = 0;
	pthread_mutex_unlock(&last_lock);
}
*/
import "C"

import (
	"strings"
	"sync"
)

// catchALSAErrors keeps libasound from writing to stderr (dozens of lines each
// time devices are listed on a machine without a card). Without libasound it
// does nothing; InitContext then says so.
var catchALSAErrors = sync.OnceFunc(func() { C.catch_alsa_errors() })

// alsaDetail takes the last thing libasound complained about, as " (text)", or
// "".
func alsaDetail() string {
	var buf [256]C.char
	C.take_alsa_error(&buf[0], C.size_t(len(buf)))
	if s := strings.TrimSpace(C.GoString(&buf[0])); s != "" {
		return " (" + s + ")"
	}
	return ""
}
