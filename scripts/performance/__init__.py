# SPDX-License-Identifier: GPL-2.0
"""What calls cost: from what the program `bench` says to tables, plots and a budget."""
