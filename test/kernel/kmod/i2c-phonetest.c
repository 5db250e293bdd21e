// SPDX-License-Identifier: GPL-2.0-only
/*
 * i2c-phonetest: an I2C adapter that records. Bus 5 with one device, a display that
 * is only written to, at 0x3c; nobody answers at other addresses, and nobody at all
 * while the attribute "absent" is 1. Every message is appended to a queue that
 * /dev/i2c-phonetest hands out: a header of 8 bytes (struct record, little-endian),
 * then the bytes written.
 */
#include <linux/i2c.h>
#include <linux/kfifo.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/uaccess.h>

#define QUEUE_BYTES (1 << 20)
#define BUS 5
#define DISPLAY 0x3c

struct record {
	__le32 len;
	__le16 addr;
	__le16 dropped; /* messages lost just before this one, the queue being full */
} __packed;

static DEFINE_MUTEX(lock);
static struct kfifo queue;
static unsigned int dropped;
static bool absent;
static struct platform_device *pdev;

static void record_message(const struct i2c_msg *m)
{
	struct record r = { .len = cpu_to_le32(m->len), .addr = cpu_to_le16(m->addr) };

	if (kfifo_avail(&queue) < sizeof(r) + m->len) {
		dropped++;
		return;
	}
	r.dropped = cpu_to_le16(min(dropped, 0xffffU));
	dropped = 0;
	kfifo_in(&queue, (u8 *)&r, sizeof(r));
	kfifo_in(&queue, m->buf, m->len);
}

static int transfer(struct i2c_adapter *a, struct i2c_msg *msgs, int n)
{
	int i, err = n;

	mutex_lock(&lock);
	for (i = 0; i < n && err >= 0; i++) {
		if (absent || msgs[i].addr != DISPLAY || msgs[i].flags & I2C_M_RD)
			err = -EREMOTEIO; /* no acknowledgement, as i2c-bcm2835 says it */
		else
			record_message(&msgs[i]);
	}
	mutex_unlock(&lock);
	return err;
}

static u32 functionality(struct i2c_adapter *a)
{
	return I2C_FUNC_I2C | I2C_FUNC_SMBUS_EMUL;
}

static const struct i2c_algorithm algorithm = { .master_xfer = transfer, .functionality = functionality };
static struct i2c_adapter adapter = {
	.owner = THIS_MODULE,
	.algo = &algorithm,
	.name = "i2c-phonetest",
	.nr = BUS,
};

static ssize_t absent_show(struct device *d, struct device_attribute *a, char *to)
{
	return sysfs_emit(to, "%d\n", absent);
}

static ssize_t absent_store(struct device *d, struct device_attribute *a, const char *from, size_t n)
{
	int err;

	mutex_lock(&lock);
	err = kstrtobool(from, &absent);
	mutex_unlock(&lock);
	return err ? err : n;
}
static DEVICE_ATTR_RW(absent);

static ssize_t queue_read(struct file *f, char __user *to, size_t n, loff_t *pos)
{
	unsigned int got = 0;
	int err;

	mutex_lock(&lock);
	err = kfifo_to_user(&queue, to, n, &got);
	mutex_unlock(&lock);
	return err ? err : got;
}

static const struct file_operations queue_ops = { .owner = THIS_MODULE, .read = queue_read };
static struct miscdevice queue_device = { .minor = MISC_DYNAMIC_MINOR, .name = "i2c-phonetest", .fops = &queue_ops };

static int __init phonetest_init(void)
{
	int err = kfifo_alloc(&queue, QUEUE_BYTES, GFP_KERNEL);

	if (err)
		return err;
	pdev = platform_device_register_simple("i2c-phonetest", -1, NULL, 0);
	if (IS_ERR(pdev)) {
		err = PTR_ERR(pdev);
		goto no_device;
	}
	err = device_create_file(&pdev->dev, &dev_attr_absent);
	if (err)
		goto no_attribute;
	adapter.dev.parent = &pdev->dev;
	err = i2c_add_numbered_adapter(&adapter);
	if (err)
		goto no_adapter;
	err = misc_register(&queue_device);
	if (!err)
		return 0;
	i2c_del_adapter(&adapter);
no_adapter:
	device_remove_file(&pdev->dev, &dev_attr_absent);
no_attribute:
	platform_device_unregister(pdev);
no_device:
	kfifo_free(&queue);
	return err;
}

static void __exit phonetest_exit(void)
{
	misc_deregister(&queue_device);
	i2c_del_adapter(&adapter);
	device_remove_file(&pdev->dev, &dev_attr_absent);
	platform_device_unregister(pdev);
	kfifo_free(&queue);
}

module_init(phonetest_init);
module_exit(phonetest_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("I2C adapter that records what a display is sent");
