"""What the edge clients have in common: settings, start, which device this is, the clock. The core uses none of it."""
