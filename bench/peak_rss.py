"""What the comparisons measure of memory."""


def peak_rss():
    """Highest resident memory of this process so far, in MB."""
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith("VmHWM"))
    return round(int(line.split()[1]) / 1024)
