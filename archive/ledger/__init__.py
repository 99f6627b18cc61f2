"""What the captures say: observations, identity, cases, tallies, exports."""
