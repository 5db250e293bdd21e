// SPDX-License-Identifier: GPL-2.0-only
/*
 * spi-phonetest: an SPI host that records. Bus 0 with two chip selects, each with a
 * spidev node. Every transfer is appended to a queue that /dev/spi-phonetest hands
 * out: a header of 16 bytes (struct record, little-endian), then the bytes sent. The
 * level of the display's data/command line is noted with it, so that a reader can
 * rebuild the picture. MISO echoes MOSI.
 */
#include <linux/kfifo.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/spi/spi.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "phonesim.h"

#define QUEUE_BYTES (4 << 20) /* the largest piece the allocator gives: 25 full frames */

struct record {
	__le32 len;
	__le32 hz;
	__le16 mode;
	u8 bits;
	u8 cs;
	u8 dc;   /* level of LCD_DC: 0 command, 1 data */
	u8 last; /* the chip select is released after it */
	__le16 dropped; /* transfers lost just before this one, the queue being full */
} __packed;

static DEFINE_MUTEX(lock);
static DECLARE_WAIT_QUEUE_HEAD(filled);
static struct kfifo queue;
static unsigned int dropped;
static struct platform_device *pdev;
static struct spi_controller *host;

static void record_transfer(struct spi_controller *c, struct spi_device *s, struct spi_transfer *t)
{
	struct record r = {
		.len = cpu_to_le32(t->len),
		.hz = cpu_to_le32(t->speed_hz),
		.mode = cpu_to_le16(s->mode & 0xffff),
		.bits = t->bits_per_word,
		.cs = s->chip_select,
		.dc = phonesim_level(PHONESIM_LCD_DC),
		.last = spi_transfer_is_last(c, t),
	};
	static const u8 zero[64];
	u32 done;

	if (kfifo_avail(&queue) < sizeof(r) + t->len) {
		dropped++;
		return;
	}
	r.dropped = cpu_to_le16(min(dropped, 0xffffU));
	dropped = 0;
	kfifo_in(&queue, (u8 *)&r, sizeof(r));
	if (t->tx_buf) {
		kfifo_in(&queue, (const u8 *)t->tx_buf, t->len);
		return;
	}
	for (done = 0; done < t->len; done += sizeof(zero))
		kfifo_in(&queue, zero, min_t(u32, sizeof(zero), t->len - done));
}

static int transfer(struct spi_controller *c, struct spi_device *s, struct spi_transfer *t)
{
	mutex_lock(&lock);
	record_transfer(c, s, t);
	mutex_unlock(&lock);
	if (t->rx_buf && t->tx_buf)
		memcpy(t->rx_buf, t->tx_buf, t->len);
	else if (t->rx_buf)
		memset(t->rx_buf, 0, t->len);
	wake_up_interruptible(&filled);
	return 0;
}

static void set_cs(struct spi_device *s, bool level)
{
}

static ssize_t queue_read(struct file *f, char __user *to, size_t n, loff_t *pos)
{
	unsigned int got = 0;
	int err;

	if (kfifo_is_empty(&queue)) {
		if (f->f_flags & O_NONBLOCK)
			return -EAGAIN;
		err = wait_event_interruptible(filled, !kfifo_is_empty(&queue));
		if (err)
			return err;
	}
	mutex_lock(&lock);
	err = kfifo_to_user(&queue, to, n, &got);
	mutex_unlock(&lock);
	return err ? err : got;
}

static const struct file_operations queue_ops = { .owner = THIS_MODULE, .read = queue_read };
static struct miscdevice queue_device = { .minor = MISC_DYNAMIC_MINOR, .name = "spi-phonetest", .fops = &queue_ops };

static int __init phonetest_init(void)
{
	/* A name that spidev accepts: it refuses to be bound to "spidev" itself. */
	struct spi_board_info info = { .modalias = "dh2228fv", .max_speed_hz = 62500000 };
	int err = kfifo_alloc(&queue, QUEUE_BYTES, GFP_KERNEL);

	if (err)
		return err;
	pdev = platform_device_register_simple("spi-phonetest", -1, NULL, 0);
	if (IS_ERR(pdev)) {
		err = PTR_ERR(pdev);
		goto no_device;
	}
	err = -ENOMEM;
	host = spi_alloc_master(&pdev->dev, 0);
	if (!host)
		goto no_host;
	host->bus_num = 0;
	host->num_chipselect = 2;
	host->mode_bits = SPI_CPOL | SPI_CPHA | SPI_CS_HIGH | SPI_LSB_FIRST | SPI_3WIRE | SPI_NO_CS;
	host->bits_per_word_mask = SPI_BPW_MASK(8) | SPI_BPW_MASK(9) | SPI_BPW_MASK(16);
	host->max_speed_hz = 125000000;
	host->transfer_one = transfer;
	host->set_cs = set_cs;
	err = spi_register_controller(host);
	if (err) {
		spi_controller_put(host);
		goto no_host;
	}
	for (info.chip_select = 0; info.chip_select < 2; info.chip_select++) {
		if (!spi_new_device(host, &info)) {
			err = -ENODEV;
			goto no_node;
		}
	}
	err = misc_register(&queue_device);
	if (!err)
		return 0;
no_node:
	spi_unregister_controller(host);
no_host:
	platform_device_unregister(pdev);
no_device:
	kfifo_free(&queue);
	return err;
}

static void __exit phonetest_exit(void)
{
	misc_deregister(&queue_device);
	spi_unregister_controller(host);
	platform_device_unregister(pdev);
	kfifo_free(&queue);
}

module_init(phonetest_init);
module_exit(phonetest_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("SPI host that records what a display is sent");
