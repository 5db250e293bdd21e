// SPDX-License-Identifier: GPL-2.0-only
/*
 * phoneio: what a phone's front panel has besides keys and display. Four lamps as
 * LED devices on phonesim's lines, and a PWM chip with two channels (backlight,
 * buzzer) that keeps what it is told; sysfs shows it.
 */
#include <linux/gpio/machine.h>
#include <linux/leds.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/pwm.h>

#include "phonesim.h"

static struct gpio_led leds[] = {
	{ .name = "phone:red:message" },
	{ .name = "phone:red:mute" },
	{ .name = "phone:green:speaker" },
	{ .name = "phone:green:line" },
};
static struct gpio_led_platform_data leds_data = { .leds = leds, .num_leds = ARRAY_SIZE(leds) };
static struct gpiod_lookup_table leds_lines = {
	.dev_id = "leds-gpio",
	.table = {
		GPIO_LOOKUP_IDX("phonesim", PHONESIM_LED0, NULL, 0, GPIO_ACTIVE_HIGH),
		GPIO_LOOKUP_IDX("phonesim", PHONESIM_LED0 + 1, NULL, 1, GPIO_ACTIVE_HIGH),
		GPIO_LOOKUP_IDX("phonesim", PHONESIM_LED0 + 2, NULL, 2, GPIO_ACTIVE_HIGH),
		GPIO_LOOKUP_IDX("phonesim", PHONESIM_LED0 + 3, NULL, 3, GPIO_ACTIVE_HIGH),
		{ }
	},
};

static struct platform_device *pwm_device, *leds_device;
static struct pwm_chip pwm;

static int apply(struct pwm_chip *c, struct pwm_device *p, const struct pwm_state *s)
{
	return s->period && s->duty_cycle <= s->period ? 0 : -EINVAL;
}

static const struct pwm_ops pwm_ops = { .apply = apply, .owner = THIS_MODULE };

static int __init phoneio_init(void)
{
	int err;

	pwm_device = platform_device_register_simple("phonepwm", -1, NULL, 0);
	if (IS_ERR(pwm_device))
		return PTR_ERR(pwm_device);
	pwm = (struct pwm_chip){ .dev = &pwm_device->dev, .ops = &pwm_ops, .npwm = 2 };
	err = pwmchip_add(&pwm);
	if (err)
		goto no_pwm;
	gpiod_add_lookup_table(&leds_lines);
	leds_device = platform_device_register_data(NULL, "leds-gpio", -1, &leds_data, sizeof(leds_data));
	if (!IS_ERR(leds_device))
		return 0;
	err = PTR_ERR(leds_device);
	gpiod_remove_lookup_table(&leds_lines);
	pwmchip_remove(&pwm);
no_pwm:
	platform_device_unregister(pwm_device);
	return err;
}

static void __exit phoneio_exit(void)
{
	platform_device_unregister(leds_device);
	gpiod_remove_lookup_table(&leds_lines);
	pwmchip_remove(&pwm);
	platform_device_unregister(pwm_device);
}

module_init(phoneio_init);
module_exit(phoneio_exit);
MODULE_SOFTDEP("pre: phonesim");
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("lamps and PWM of a desk phone's front panel");
