"""Documents about money: numbered invoices, receipts, monthly statements, and the queue of 发票 requests."""
