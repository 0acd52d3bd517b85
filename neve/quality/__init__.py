"""Documents get scores, scores become selections: labels ▸ head on a frozen encoder ▸ scores ▸ selection."""
