"""InfoGAN: codes found without labels, named by a labelled handful."""
