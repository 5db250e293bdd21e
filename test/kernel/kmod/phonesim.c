// SPDX-License-Identifier: GPL-2.0-only
/*
 * phonesim: the front panel of a desk phone as a GPIO chip.
 *
 * The lines are HOOK, R0-R4 and C0-C5 of a key matrix, the display's control lines
 * and four lamps. What a line reads is worked out electrically each time anything
 * changes: outputs drive, pressed keys join a row and a column, inputs follow what
 * they are joined to or their pull resistor. So ghost keys appear as they do in a
 * matrix without diodes, and two outputs that fight over a key are counted.
 *
 * In /sys/devices/platform/phonesim:
 *   keys    (w)  mask of the keys held down, bit = row * 6 + column
 *   hook    (w)  level of the line HOOK as the cradle drives it (1 after loading)
 *   lines   (r)  masks: out (directions), val (driven), lvl (read), keys
 *   shorts  (r)  how often a change joined a high output with a low one
 */
#include <linux/gpio/driver.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irq_sim.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/sysfs.h>

#include "phonesim.h"

#define ROWS 5
#define COLS 6
#define KEYS (ROWS * COLS)
#define ROW(r) (PHONESIM_ROW0 + (r))
#define COL(c) (PHONESIM_COL0 + (c))

static const char *const names[PHONESIM_LINES] = {
	[PHONESIM_HOOK] = "HOOK",
	[PHONESIM_ROW0] = "R0", "R1", "R2", "R3", "R4",
	[PHONESIM_COL0] = "C0", "C1", "C2", "C3", "C4", "C5",
	[PHONESIM_LCD_DC] = "LCD_DC", "LCD_RST", "LCD_BL",
	[PHONESIM_LED0] = "LED_MESSAGE", "LED_MUTE", "LED_SPEAKER", "LED_LINE",
};

static struct platform_device *pdev;
static struct irq_domain *irqs;
static struct gpio_chip chip;

/* All below is guarded by lock; lvl may be read without it. */
static DEFINE_SPINLOCK(lock);
static unsigned long out;	   /* lines that are outputs */
static unsigned long val;	   /* what outputs drive */
static unsigned long pull = ~0UL;  /* level of an input that nothing drives */
static unsigned long lvl = ~0UL;   /* level of every line */
static bool cradle = true;	   /* what the hook switch drives */
static u32 keys;
static unsigned int shorts;

/*
 * Works the levels out. A net is the set of rows and columns joined by pressed keys;
 * it is low when any output in it is low, else high when any is high, else each
 * input keeps its own pull: a pulled-down input joined to a pulled-up one is left
 * at its own level, which no real panel relies on.
 */
static unsigned long solve(void)
{
	unsigned long v = (out & val) | (~out & pull);
	unsigned long low = out & ~val, high = out & val;
	bool changed = true;
	int k;

	if (!(out & BIT(PHONESIM_HOOK)))
		v = cradle ? v | BIT(PHONESIM_HOOK) : v & ~BIT(PHONESIM_HOOK);
	while (changed) {
		changed = false;
		for (k = 0; k < KEYS; k++) {
			unsigned long net = BIT(ROW(k / COLS)) | BIT(COL(k % COLS));

			if (!(keys & BIT(k)))
				continue;
			if ((low & net) && (low & net) != net) {
				low |= net;
				changed = true;
			}
			if ((high & net) && (high & net) != net) {
				high |= net;
				changed = true;
			}
		}
	}
	if (low & high)
		shorts++;
	return (v | (high & ~out)) & ~(low & ~(out & val));
}

/* Takes the new levels over and raises the edges that somebody waits for. */
static void settle(void)
{
	unsigned long now, diff, flags, inputs;
	int i;

	spin_lock_irqsave(&lock, flags);
	now = solve();
	diff = now ^ lvl;
	inputs = ~out;
	WRITE_ONCE(lvl, now);
	spin_unlock_irqrestore(&lock, flags);

	diff &= inputs;
	for_each_set_bit(i, &diff, PHONESIM_LINES) {
		unsigned int irq = irq_find_mapping(irqs, i);
		u32 want = irq ? irq_get_trigger_type(irq) : 0;

		if (want & ((now & BIT(i)) ? IRQ_TYPE_EDGE_RISING : IRQ_TYPE_EDGE_FALLING))
			irq_set_irqchip_state(irq, IRQCHIP_STATE_PENDING, true);
	}
}

/* The level of a line, for the SPI host, which notes it beside each transfer. */
int phonesim_level(unsigned int line)
{
	return !!(READ_ONCE(lvl) & BIT(line));
}
EXPORT_SYMBOL_GPL(phonesim_level);

static int line_get(struct gpio_chip *gc, unsigned int line)
{
	return phonesim_level(line);
}

static void line_set(struct gpio_chip *gc, unsigned int line, int v)
{
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	__assign_bit(line, &val, v);
	spin_unlock_irqrestore(&lock, flags);
	settle();
}

static int line_input(struct gpio_chip *gc, unsigned int line)
{
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	__clear_bit(line, &out);
	spin_unlock_irqrestore(&lock, flags);
	settle();
	return 0;
}

static int line_output(struct gpio_chip *gc, unsigned int line, int v)
{
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	__set_bit(line, &out);
	__assign_bit(line, &val, v);
	spin_unlock_irqrestore(&lock, flags);
	settle();
	return 0;
}

static int line_direction(struct gpio_chip *gc, unsigned int line)
{
	return READ_ONCE(out) & BIT(line) ? GPIO_LINE_DIRECTION_OUT : GPIO_LINE_DIRECTION_IN;
}

static int line_irq(struct gpio_chip *gc, unsigned int line)
{
	return irq_create_mapping(irqs, line);
}

static int line_config(struct gpio_chip *gc, unsigned int line, unsigned long config)
{
	unsigned long flags;
	int err = 0;

	spin_lock_irqsave(&lock, flags);
	switch (pinconf_to_config_param(config)) {
	case PIN_CONFIG_BIAS_PULL_UP:
		__set_bit(line, &pull);
		break;
	case PIN_CONFIG_BIAS_PULL_DOWN:
		__clear_bit(line, &pull);
		break;
	case PIN_CONFIG_BIAS_DISABLE:
		break;
	default: /* open drain included: gpiolib then switches the direction itself */
		err = -ENOTSUPP;
	}
	spin_unlock_irqrestore(&lock, flags);
	if (!err)
		settle();
	return err;
}

static ssize_t keys_store(struct device *dev, struct device_attribute *attr, const char *buf, size_t n)
{
	u32 v;
	int err = kstrtou32(buf, 0, &v);

	if (err)
		return err;
	if (v & ~(u32)(BIT(KEYS) - 1))
		return -EINVAL;
	WRITE_ONCE(keys, v);
	settle();
	return n;
}
static DEVICE_ATTR_WO(keys);

static ssize_t hook_store(struct device *dev, struct device_attribute *attr, const char *buf, size_t n)
{
	bool v;
	int err = kstrtobool(buf, &v);

	if (err)
		return err;
	WRITE_ONCE(cradle, v);
	settle();
	return n;
}
static DEVICE_ATTR_WO(hook);

static ssize_t lines_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	unsigned long mask = BIT(PHONESIM_LINES) - 1;

	return sysfs_emit(buf, "out=%05lx val=%05lx lvl=%05lx keys=%08x\n", out & mask, val & mask, lvl & mask, keys);
}
static DEVICE_ATTR_RO(lines);

static ssize_t shorts_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", shorts);
}
static DEVICE_ATTR_RO(shorts);

static struct attribute *panel_attrs[] = {
	&dev_attr_keys.attr, &dev_attr_hook.attr, &dev_attr_lines.attr, &dev_attr_shorts.attr, NULL,
};
ATTRIBUTE_GROUPS(panel);

static int __init phonesim_init(void)
{
	int err;

	pdev = platform_device_register_simple("phonesim", -1, NULL, 0);
	if (IS_ERR(pdev))
		return PTR_ERR(pdev);
	irqs = irq_domain_create_sim(NULL, PHONESIM_LINES);
	if (IS_ERR(irqs)) {
		err = PTR_ERR(irqs);
		goto no_irqs;
	}
	chip = (struct gpio_chip){
		.label = "phonesim",
		.parent = &pdev->dev,
		.owner = THIS_MODULE,
		.base = -1,
		.ngpio = PHONESIM_LINES,
		.names = names,
		.get = line_get,
		.set = line_set,
		.direction_input = line_input,
		.direction_output = line_output,
		.get_direction = line_direction,
		.to_irq = line_irq,
		.set_config = line_config,
	};
	err = gpiochip_add_data(&chip, NULL);
	if (err)
		goto no_chip;
	err = sysfs_create_groups(&pdev->dev.kobj, panel_groups);
	if (!err)
		return 0;
	gpiochip_remove(&chip);
no_chip:
	irq_domain_remove_sim(irqs);
no_irqs:
	platform_device_unregister(pdev);
	return err;
}

static void __exit phonesim_exit(void)
{
	int i;

	sysfs_remove_groups(&pdev->dev.kobj, panel_groups);
	gpiochip_remove(&chip);
	for (i = 0; i < PHONESIM_LINES; i++)
		irq_dispose_mapping(irq_find_mapping(irqs, i));
	irq_domain_remove_sim(irqs);
	platform_device_unregister(pdev);
}

module_init(phonesim_init);
module_exit(phonesim_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("front panel of a desk phone as a GPIO chip");
