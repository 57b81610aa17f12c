/* SPDX-License-Identifier: GPL-2.0 */
/* The mirror core's callbacks. */
#ifndef MIRAGE_SVM_H
#define MIRAGE_SVM_H

struct hmm_mirror_ops;

extern const struct hmm_mirror_ops mirage_svm_ops;

#endif /* MIRAGE_SVM_H */
